"""One memory store, used from several threads at once."""

import threading

from anyassistant import Client
from anyassistant.store.memory import MemoryStore


def test_a_reader_in_another_thread_never_undoes_what_a_driver_wrote() -> None:
    store = MemoryStore()
    run_ids: list[str] = []
    is_over = threading.Event()

    def poll() -> None:
        with Client("echo", store=store) as reader:
            while not is_over.is_set():
                for run_id in run_ids[-2:]:
                    reader.runs.get(run_id)

    readers = [threading.Thread(target=poll) for _ in range(3)]
    for one in readers:
        one.start()
    with Client("echo", store=store) as client:
        assistant = client.assistants.create()
        for number in range(60):
            run = client.threads.create(messages=["TOKENS 30"]).run(assistant).start()
            run_ids.append(run.id)
            assert run.result().text == "tok " * 30, number
        is_over.set()
        for one in readers:
            one.join()
        assert {run.record.status for run in client.runs.list()} == {"completed"}
