"""`anyassistant chat`: a conversation."""

import sys
from collections.abc import Callable, Sequence

from cyclopts import App

from ..errors import AnyAssistantError, ThreadBusy
from ..sync import Client
from ..types import RunRecord
from .advice import ChatOptions, advise, advising, command_line, how_to_decide
from .approvals import NOBODY_THERE, Approver, LeaveAll, RejectAll, make_approver, waiting_for_approval
from .asking import Person
from .console import is_attended, make_console, notices
from .conversation import Conversation, Wanted
from .deps import load_deps
from .failures import EXIT_FAILED, EXIT_INTERRUPTED, UsageError
from .follow import Show
from .json_lines import print_event
from .loading import load_tools
from .notes import tell_notes
from .options import HERE, Approve, Deps, Json, Tools, Where
from .plain import one_line
from .prompt import Lines, Prompt, Reader
from .render import NUMBERS, Renderer, describe_outcome
from .stored_runs import MEMORY, provider_of
from .target import resolve_here

HELP = """Say something. Ctrl-C ends an answer, Ctrl-D leaves.
  /resume  go on with a run that waits for something
  /cancel  end it
  /help    this
  /quit    leave"""

NO_OPEN_RUN = "No run is open."

SHOWN_AT_START = 4
"""Messages of a thread that are shown when it is taken up again."""


app = App(
    name="chat",
    help_epilogue="""Examples:

    anyassistant chat --tools anyassistant.cli.shop:TOOLS
    anyassistant chat --thread thread_5f0c... --provider local:/models/some.gguf
    echo "Hello" | anyassistant chat --new --json""",
)


@app.default
def chat(
    *,
    provider: str | None = None,
    model: str | None = None,
    tools: Tools = (),
    deps: Deps = None,
    approve: Approve = None,
    thread: str | None = None,
    new: bool = False,
    assistant: str | None = None,
    instructions: str | None = None,
    events: bool = False,
    json: Json = False,
    where: Where = HERE,
) -> int:
    """Talk with an assistant.

    It goes on with the last chat, and with a run that was left open.
    At a terminal it prompts; else it reads messages from standard input,
    one a line. Ctrl-C cancels an answer and keeps the thread.

    At a terminal it asks before it calls a tool that needs an approval. Else
    such calls are rejected, unless --approve says what becomes of them; those
    of a run that was left open are left.

    Args:
        provider: NAME or NAME:MODEL, of an installed provider or of a profile. By default what is configured.
        model: The model, instead of the provider's default.
        thread: Talk on this thread.
        new: Begin a new thread.
        assistant: Talk with this assistant, instead of one without instructions.
        instructions: Instead of the assistant's.
        events: Show every event.
        json: For machines: one event a line, and nothing else.
    """
    if new and thread is not None:
        raise UsageError("--new begins a thread, --thread names one: give one of them.")
    configured = resolve_here(provider, where.config)
    offered = load_tools(tools) if tools else configured.toolsets
    wanted = Wanted(thread, new, assistant, instructions, model, offered, load_deps(deps))
    name = configured.manifest.name
    remarks = notices(json=json)
    renderer = Renderer(make_console(), every_event=events, has_deps=deps is not None)
    prompts = is_attended() and not json
    person = Person(renderer) if prompts else None
    approver = make_approver(approve, person, otherwise=RejectAll(NOBODY_THERE, by=None))
    for_open_run = make_approver(approve, person, otherwise=LeaveAll())
    tell_notes(name, remarks.print if json else renderer.note)

    def tell_how_to_decide(record: RunRecord) -> str:
        begun_with = provider_of(record.id, where.store)  # which may be another than the one here
        target = provider if begun_with in (None, name) else begun_with
        return how_to_decide(record, ChatOptions(tools, deps, target, where))

    try:
        with advising(where.store), Client(provider, store=where.store, config=where.config) as client:
            conversation = Conversation.open(client, wanted)
            talk = Talk(
                conversation,
                print_event if json else renderer,
                renderer,
                approver=approver,
                prompts=prompts,
                is_json=json,
                how_to_decide=tell_how_to_decide,
                store=where.store,
            )
            remarks.print(f"{name} · {_where(conversation)}" + (" · /help" if prompts else ""), style="dim")
            if events and not json:
                remarks.print(NUMBERS, style="dim")
            code = talk.go(for_open_run)
    finally:
        renderer.close()
    if conversation.thread is not None and thread is None and not json:
        options = _options(model=model, assistant=assistant, tools=tools, deps=deps, approve=approve)
        again = command_line("chat", *options, provider=provider, where=where)
        remarks.print(_how_to_go_on(conversation.thread.id, again, where.store), style="dim")
    return code


def _options(
    *, model: str | None, assistant: str | None, tools: Sequence[str], deps: str | None, approve: str | None
) -> list[str]:
    """The options with which the next chat is as this one; what was left for later is decided by then."""
    named = [("--model", model), ("--assistant", assistant), *(("--tools", one) for one in tools)]
    named += [("--deps", deps), ("--approve", None if approve == "later" else approve)]
    return [word for name, value in named if value is not None for word in (name, value)]


def _how_to_go_on(thread_id: str, again: str, store: str | None) -> str:
    if store == MEMORY:
        return "Nothing of it is kept. Leave --store out, and the next chat goes on where this one ends."
    return f"Kept in thread {thread_id}; the next `{again}` goes on here."


class Talk:
    """One session of a chat.

    Args:
        approver: Decides on calls that need an approval.
        prompts: Whether somebody sits at a terminal.
        how_to_decide: Says what can be done about a run that was left waiting for an approval.
    """

    def __init__(
        self,
        conversation: Conversation,
        show: Show,
        renderer: Renderer,
        *,
        approver: Approver,
        prompts: bool,
        is_json: bool,
        how_to_decide: Callable[[RunRecord], str],
        store: str | None,
    ) -> None:
        self._conversation = conversation
        self._show = show
        self._renderer = renderer
        self._approver = approver
        self._prompts = prompts
        self._is_json = is_json
        self._how_to_decide = how_to_decide
        self._store = store
        self._exit_code = 0

    def go(self, for_open_run: Approver) -> int:
        """Take up what was left open, then answer message by message: the exit code.

        Args:
            for_open_run: Decides on calls of the run that was left open.
        """
        reader = self._open()
        self._do(lambda: self._conversation.resume(self._show, for_open_run))
        while True:
            try:
                text = reader.read()
            except KeyboardInterrupt:
                return EXIT_INTERRUPTED if not self._prompts else 0
            if text is None or (self._prompts and text == "/quit"):
                return self._exit_code
            if self._prompts and text.startswith("/"):
                self._command(text)
                continue
            if not self._prompts and not self._is_json:
                self._renderer.user(text)
            self._say(text)

    def _open(self) -> Reader:
        if not self._prompts:
            return Lines()
        earlier = self._conversation.last_messages(100)
        for message in earlier[-SHOWN_AT_START:]:
            self._renderer.remark(f"{'You' if message.role == 'user' else 'Assistant'}: {one_line(message.text)}")
        colours = not make_console().no_color
        return Prompt([one.text for one in earlier if one.role == "user"], colours=colours)

    def _say(self, text: str) -> None:
        if not self._is_json:
            self._renderer.wait()
        self._do(lambda: self._conversation.say(text, self._show, self._approver))

    def _command(self, text: str) -> None:
        match text:
            case "/resume":
                self._do(lambda: self._conversation.resume(self._show, self._approver), nothing=NO_OPEN_RUN)
            case "/cancel":
                self._do(lambda: self._conversation.cancel(self._show), nothing=NO_OPEN_RUN)
            case "/help":
                self._renderer.remark(HELP)
            case _:
                self._renderer.remark(f"There is no command {text!r}.\n{HELP}")

    def _do(self, work: Callable[[], RunRecord | None], *, nothing: str = "") -> None:
        """Do something with a run. At a terminal nothing that goes wrong ends the session.

        Args:
            nothing: What is said where there is no run.
        """
        try:
            record = work()
        except KeyboardInterrupt:
            self._renderer.close()
            if not self._prompts:
                raise
            return
        except AnyAssistantError as error:
            self._renderer.close()
            if not self._prompts:
                raise
            self._renderer.remark(one_line(self._advise(error)), "red")
            return
        if record is None:
            if nothing:
                self._renderer.remark(nothing)
            return
        if record.status == "completed":
            return
        if not self._prompts:
            self._exit_code = EXIT_FAILED
        if record.status == "requires_action":
            self._say_what_it_waits_for(record)
        elif self._is_json:
            print(f"anyassistant: {describe_outcome(record)}", file=sys.stderr)

    def _say_what_it_waits_for(self, record: RunRecord) -> None:
        is_undecided = bool(waiting_for_approval(record))
        if self._prompts and is_undecided:
            self._renderer.remark("Left undecided: /resume asks again, /cancel ends the run.", "yellow")
            return
        says = self._how_to_decide(record) if is_undecided else describe_outcome(record) or ""
        if self._is_json:
            print(f"anyassistant: {says}", file=sys.stderr)
        else:
            self._renderer.remark(says, "yellow")

    def _advise(self, error: AnyAssistantError) -> str:
        """What can be done about an error at the prompt."""
        if isinstance(error, ThreadBusy) and error.run_id is not None:
            return f"Run {error.run_id} is still open: /resume goes on with it, /cancel ends it."
        return advise(error, self._store)


def _where(conversation: Conversation) -> str:
    return f"thread {conversation.thread.id}" if conversation.thread is not None else "a new thread"
