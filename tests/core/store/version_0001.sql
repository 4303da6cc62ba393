-- A database of version 0001, as it was written by the last commit before 0002 (eaa0b13) when its process was killed in
-- the middle of the call of `pay`; ids, times and the traceback are shortened.
BEGIN TRANSACTION;
CREATE TABLE anyassistant_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT anyassistant_version_pkc PRIMARY KEY (version_num));
INSERT INTO "anyassistant_version" VALUES('0001');
CREATE TABLE assistants (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	tenant VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	record VARCHAR NOT NULL, 
	CONSTRAINT uq_assistants_tenant_id UNIQUE (tenant, id)
);
INSERT INTO "assistants" VALUES(1,'','asst_1','{"id":"asst_1","name":"Old","model":null,"metadata":{},"tools":[{"name":"note","description":"Note a number.","parameters":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}},{"name":"bad","description":"Fail.","parameters":{"type":"object","properties":{},"additionalProperties":false}},{"name":"pay","description":"Pay.","parameters":{"type":"object","properties":{"amount":{"type":"integer"}},"required":["amount"],"additionalProperties":false}}],"description":null,"instructions":null,"temperature":null,"top_p":null,"response_format":"auto","created_at":1700000000,"object":"assistant"}');
CREATE TABLE claims (
	run INTEGER NOT NULL, 
	call_id VARCHAR NOT NULL, 
	epoch INTEGER NOT NULL, 
	finished INTEGER NOT NULL, 
	CONSTRAINT pk_claims PRIMARY KEY (run, call_id), 
	CONSTRAINT fk_claims_run FOREIGN KEY(run) REFERENCES runs (number) ON DELETE CASCADE
);
INSERT INTO "claims" VALUES(1,'call_note_1',1,1);
INSERT INTO "claims" VALUES(1,'call_bad',1,1);
INSERT INTO "claims" VALUES(1,'call_pay',1,0);
INSERT INTO "claims" VALUES(1,'call_note_2',1,0);
CREATE TABLE events (
	run INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	first INTEGER NOT NULL, 
	payload VARCHAR NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (run, last), 
	CONSTRAINT fk_events_run FOREIGN KEY(run) REFERENCES runs (number) ON DELETE CASCADE
);
INSERT INTO "events" VALUES(1,2,1,'[["thread.run.created",{}],["thread.run.queued",{}]]');
INSERT INTO "events" VALUES(1,3,3,'[["thread.run.in_progress",{"status":"in_progress","started_at":1700000000}]]');
INSERT INTO "events" VALUES(1,7,4,'[["thread.run.step.created",{"id":"step_1","type":"tool_calls","status":"in_progress","tool_calls":[],"message_id":null,"usage":null,"last_error":null,"run_id":"run_1","thread_id":"thread_1","assistant_id":"asst_1","created_at":1700000000,"completed_at":null,"failed_at":null,"cancelled_at":null,"expired_at":null,"metadata":{},"object":"thread.run.step"}],["thread.run.step.in_progress",{"id":"step_1","type":"tool_calls","status":"in_progress","tool_calls":[],"message_id":null,"usage":null,"last_error":null,"run_id":"run_1","thread_id":"thread_1","assistant_id":"asst_1","created_at":1700000000,"completed_at":null,"failed_at":null,"cancelled_at":null,"expired_at":null,"metadata":{},"object":"thread.run.step"}],["thread.run.step.delta",{"id":"step_1","object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":0,"id":"call_note_1","type":"function","function":{"name":"note","output":null,"arguments":"{\"n\": 1}"}}]}}}],["thread.run.step.delta",{"id":"step_1","object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":1,"id":"call_bad","type":"function","function":{"name":"bad","output":null,"arguments":"{}"}}]}}}]]');
INSERT INTO "events" VALUES(1,8,8,'[["thread.run.step.delta",{"id":"step_1","object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":0,"id":"call_note_1","type":"function","function":{"output":"1"}}]}}}]]');
INSERT INTO "events" VALUES(1,10,9,'[["thread.run.step.delta",{"id":"step_1","object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":1,"id":"call_bad","type":"function","function":{"output":"bad failed with an internal error."}}]}}}],["thread.run.step.completed",{"id":"step_1","type":"tool_calls","status":"completed","tool_calls":[{"id":"call_note_1","name":"note","arguments":"{\"n\": 1}","output":"1","error":null},{"id":"call_bad","name":"bad","arguments":"{}","output":"bad failed with an internal error.","error":"Traceback (most recent call last):\n  ...\nValueError: bad"}],"message_id":null,"usage":{"prompt_tokens":16,"completion_tokens":5},"last_error":null,"run_id":"run_1","thread_id":"thread_1","assistant_id":"asst_1","created_at":1700000000,"completed_at":1700000000,"failed_at":null,"cancelled_at":null,"expired_at":null,"metadata":{},"object":"thread.run.step"}]]');
INSERT INTO "events" VALUES(1,14,11,'[["thread.run.step.created",{"id":"step_2","type":"tool_calls","status":"in_progress","tool_calls":[],"message_id":null,"usage":null,"last_error":null,"run_id":"run_1","thread_id":"thread_1","assistant_id":"asst_1","created_at":1700000000,"completed_at":null,"failed_at":null,"cancelled_at":null,"expired_at":null,"metadata":{},"object":"thread.run.step"}],["thread.run.step.in_progress",{"id":"step_2","type":"tool_calls","status":"in_progress","tool_calls":[],"message_id":null,"usage":null,"last_error":null,"run_id":"run_1","thread_id":"thread_1","assistant_id":"asst_1","created_at":1700000000,"completed_at":null,"failed_at":null,"cancelled_at":null,"expired_at":null,"metadata":{},"object":"thread.run.step"}],["thread.run.step.delta",{"id":"step_2","object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":0,"id":"call_pay","type":"function","function":{"name":"pay","output":null,"arguments":"{\"amount\": 5}"}}]}}}],["thread.run.step.delta",{"id":"step_2","object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":1,"id":"call_note_2","type":"function","function":{"name":"note","output":null,"arguments":"{\"n\": 2}"}}]}}}]]');
CREATE TABLE labels (
	kind VARCHAR NOT NULL, 
	tenant VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	CONSTRAINT pk_labels PRIMARY KEY (kind, tenant, "key", value, number)
);
CREATE TABLE messages (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	thread INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	run_id VARCHAR, 
	position INTEGER, 
	tokens INTEGER NOT NULL, 
	record VARCHAR NOT NULL, 
	CONSTRAINT uq_messages_thread_id UNIQUE (thread, id), 
	CONSTRAINT uq_messages_thread_position UNIQUE (thread, position), 
	CONSTRAINT fk_messages_thread FOREIGN KEY(thread) REFERENCES threads (number) ON DELETE CASCADE
);
INSERT INTO "messages" VALUES(1,1,'msg_8b8fdddec3786d43eef57f57',NULL,1,24,'{"id":"msg_8b8fdddec3786d43eef57f57","role":"user","content":[{"value":"CALL note {\"n\": 1}\nCALL bad {}\nTHEN\nCALL pay {\"amount\": 5}\nCALL note {\"n\": 2}","annotations":[]}],"run_id":null,"status":"completed","incomplete_details":null,"thread_id":"thread_1","assistant_id":null,"created_at":1700000000,"completed_at":1700000000,"incomplete_at":null,"metadata":{},"object":"thread.message"}');
CREATE TABLE runs (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	tenant VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	thread INTEGER NOT NULL, 
	status VARCHAR NOT NULL, 
	is_open INTEGER NOT NULL, 
	snapshot VARCHAR NOT NULL, 
	progress VARCHAR NOT NULL, 
	driver VARCHAR, 
	lease_until FLOAT NOT NULL, 
	epoch INTEGER NOT NULL, 
	cancel_requested_at FLOAT, 
	expires FLOAT, 
	active_seconds FLOAT NOT NULL, 
	last_sequence INTEGER NOT NULL, 
	CONSTRAINT uq_runs_tenant_id UNIQUE (tenant, id), 
	CONSTRAINT fk_runs_thread FOREIGN KEY(thread) REFERENCES threads (number) ON DELETE CASCADE
);
INSERT INTO "runs" VALUES(1,'','run_1',1,'in_progress',1,'{"id":"run_1","thread_id":"thread_1","assistant_id":"asst_1","status":"queued","model":"echo","metadata":{},"usage":null,"last_error":null,"pending_calls":[],"incomplete_details":null,"expires_at":null,"created_at":1700000000,"started_at":null,"cancelled_at":null,"failed_at":null,"completed_at":null,"instructions":null,"tools":[{"name":"note","description":"Note a number.","parameters":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}},{"name":"bad","description":"Fail.","parameters":{"type":"object","properties":{},"additionalProperties":false}},{"name":"pay","description":"Pay.","parameters":{"type":"object","properties":{"amount":{"type":"integer"}},"required":["amount"],"additionalProperties":false}}],"temperature":null,"top_p":null,"max_prompt_tokens":null,"max_completion_tokens":null,"truncation_strategy":{"type":"auto","last_messages":null},"response_format":"auto","tool_choice":"auto","parallel_tool_calls":true,"reasoning_effort":null,"limits":{"turns":32,"seconds":600.0,"parallel_tools":8,"repeated_calls":5},"object":"thread.run"}','{"status":"in_progress","started_at":1700000000}','a-boot|pid:[1]|2|3|a-process',1700000030.0,1,NULL,NULL,0.0,14);
CREATE TABLE steps (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	run INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	record VARCHAR NOT NULL, 
	CONSTRAINT uq_steps_run_id UNIQUE (run, id), 
	CONSTRAINT fk_steps_run FOREIGN KEY(run) REFERENCES runs (number) ON DELETE CASCADE
);
INSERT INTO "steps" VALUES(1,1,'step_1','{"id":"step_1","type":"tool_calls","status":"completed","tool_calls":[{"id":"call_note_1","name":"note","arguments":"{\"n\": 1}","output":"1","error":null},{"id":"call_bad","name":"bad","arguments":"{}","output":"bad failed with an internal error.","error":"Traceback (most recent call last):\n  ...\nValueError: bad"}],"message_id":null,"usage":{"prompt_tokens":16,"completion_tokens":5},"last_error":null,"run_id":"run_1","thread_id":"thread_1","assistant_id":"asst_1","created_at":1700000000,"completed_at":1700000000,"failed_at":null,"cancelled_at":null,"expired_at":null,"metadata":{},"object":"thread.run.step"}');
INSERT INTO "steps" VALUES(4,1,'step_2','{"id":"step_2","type":"tool_calls","status":"in_progress","tool_calls":[{"id":"call_pay","name":"pay","arguments":"{\"amount\": 5}","output":null,"error":null},{"id":"call_note_2","name":"note","arguments":"{\"n\": 2}","output":null,"error":null}],"message_id":null,"usage":{"prompt_tokens":28,"completion_tokens":6},"last_error":null,"run_id":"run_1","thread_id":"thread_1","assistant_id":"asst_1","created_at":1700000000,"completed_at":null,"failed_at":null,"cancelled_at":null,"expired_at":null,"metadata":{},"object":"thread.run.step"}');
CREATE TABLE threads (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	tenant VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	record VARCHAR NOT NULL, 
	positions INTEGER NOT NULL, 
	CONSTRAINT uq_threads_tenant_id UNIQUE (tenant, id)
);
INSERT INTO "threads" VALUES(1,'','thread_1','{"id":"thread_1","created_at":1700000000,"metadata":{},"object":"thread"}',3);
CREATE TABLE turns (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	thread INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	message_id VARCHAR, 
	position INTEGER NOT NULL, 
	tokens INTEGER NOT NULL, 
	record VARCHAR NOT NULL, 
	CONSTRAINT uq_turns_run_id UNIQUE (run, id), 
	CONSTRAINT uq_turns_thread_position UNIQUE (thread, position), 
	CONSTRAINT fk_turns_thread FOREIGN KEY(thread) REFERENCES threads (number) ON DELETE CASCADE, 
	CONSTRAINT fk_turns_run FOREIGN KEY(run) REFERENCES runs (number) ON DELETE CASCADE
);
INSERT INTO "turns" VALUES(1,1,1,'turn_1',NULL,2,35,'{"id":"turn_1","run_id":"run_1","thread_id":"thread_1","provider":"echo","text":"","refusal":"","tool_calls":[{"id":"call_note_1","name":"note","arguments":"{\"n\": 1}","output":"1","error":null,"provider_id":null},{"id":"call_bad","name":"bad","arguments":"{}","output":"bad failed with an internal error.","error":"Traceback (most recent call last):\n  ...\nValueError: bad","provider_id":null}],"usage":{"prompt_tokens":16,"completion_tokens":5},"finish_reason":"tool_calls","provider_state":null,"message_id":null,"calls_step_id":"step_1"}');
INSERT INTO "turns" VALUES(2,1,1,'turn_2',NULL,3,28,'{"id":"turn_2","run_id":"run_1","thread_id":"thread_1","provider":"echo","text":"","refusal":"","tool_calls":[{"id":"call_pay","name":"pay","arguments":"{\"amount\": 5}","output":null,"error":null,"provider_id":null},{"id":"call_note_2","name":"note","arguments":"{\"n\": 2}","output":null,"error":null,"provider_id":null}],"usage":{"prompt_tokens":28,"completion_tokens":6},"finish_reason":"tool_calls","provider_state":null,"message_id":null,"calls_step_id":"step_2"}');
CREATE INDEX ix_assistants_list ON assistants (tenant, number);
CREATE INDEX ix_threads_list ON threads (tenant, number);
CREATE INDEX ix_labels_owner ON labels (kind, number);
CREATE INDEX ix_runs_list ON runs (tenant, number);
CREATE UNIQUE INDEX uq_runs_open ON runs (thread) WHERE is_open = 1;
CREATE INDEX ix_runs_thread ON runs (thread, number);
CREATE INDEX ix_runs_status ON runs (tenant, status, number);
CREATE INDEX ix_messages_list ON messages (thread, number);
CREATE INDEX ix_messages_run ON messages (thread, run_id, number) WHERE run_id IS NOT NULL;
CREATE INDEX ix_steps_list ON steps (run, number);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('assistants',1);
INSERT INTO "sqlite_sequence" VALUES('threads',1);
INSERT INTO "sqlite_sequence" VALUES('messages',1);
INSERT INTO "sqlite_sequence" VALUES('runs',1);
INSERT INTO "sqlite_sequence" VALUES('steps',4);
INSERT INTO "sqlite_sequence" VALUES('turns',2);
COMMIT;
