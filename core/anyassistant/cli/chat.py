"""`anyassistant chat`: a conversation."""

import sys
from collections.abc import Callable, Sequence

from cyclopts import App

from ..errors import AnyAssistantError
from ..sync import Client
from ..types import RunRecord
from .advice import MEMORY, advise, advising, command_line
from .console import make_console, notices
from .conversation import Conversation, Wanted
from .failures import EXIT_FAILED, EXIT_INTERRUPTED, UsageError
from .follow import Show
from .json_lines import print_event
from .loading import load_tools
from .notes import tell_notes
from .options import HERE, Json, Tools, Where
from .plain import one_line
from .prompt import Lines, Prompt, Reader
from .render import NUMBERS, Renderer, describe_outcome
from .target import provider_name

HELP = """Say something. Ctrl-C ends an answer, Ctrl-D leaves.
  /cancel  end a run that waits for something
  /help    this
  /quit    leave"""

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
    wanted = Wanted(thread, new, assistant, instructions, model, load_tools(tools))
    name = provider_name(provider, where)
    remarks = notices(json=json)
    renderer = Renderer(make_console(), every_event=events)
    tell_notes(name, remarks.print if json else renderer.note)
    try:
        with advising(where.store), Client(provider, store=where.store, config=where.config) as client:
            conversation = Conversation.open(client, wanted)
            talk = Talk(conversation, print_event if json else renderer, renderer, is_json=json, store=where.store)
            remarks.print(f"{name} · {_where(conversation)}" + (" · /help" if talk.prompts else ""), style="dim")
            if events and not json:
                remarks.print(NUMBERS, style="dim")
            code = talk.go()
    finally:
        renderer.close()
    if conversation.thread is not None and thread is None and not json:
        options = _options(model=model, assistant=assistant, tools=tools)
        again = command_line("chat", *options, provider=provider, where=where)
        remarks.print(_how_to_go_on(conversation.thread.id, again, where.store), style="dim")
    return code


def _options(*, model: str | None, assistant: str | None, tools: Sequence[str]) -> list[str]:
    """The options with which the next chat is as this one."""
    named = [("--model", model), ("--assistant", assistant), *(("--tools", one) for one in tools)]
    return [word for name, value in named if value is not None for word in (name, value)]


def _how_to_go_on(thread_id: str, again: str, store: str | None) -> str:
    if store == MEMORY:
        return "Nothing of it is kept. Leave --store out, and the next chat goes on where this one ends."
    return f"Kept in thread {thread_id}; the next `{again}` goes on here."


class Talk:
    """One session of a chat.

    Attributes:
        prompts: Whether somebody sits at a terminal.
    """

    def __init__(
        self, conversation: Conversation, show: Show, renderer: Renderer, *, is_json: bool, store: str | None
    ) -> None:
        self.prompts = sys.stdin.isatty() and sys.stdout.isatty() and not is_json
        self._conversation = conversation
        self._show = show
        self._renderer = renderer
        self._is_json = is_json
        self._store = store
        self._exit_code = 0

    def go(self) -> int:
        """Take up what was left open, then answer message by message: the exit code."""
        reader = self._open()
        self._do(lambda: self._conversation.resume(self._show))
        while True:
            try:
                text = reader.read()
            except KeyboardInterrupt:
                return EXIT_INTERRUPTED if not self.prompts else 0
            if text is None or (self.prompts and text == "/quit"):
                return self._exit_code
            if self.prompts and text.startswith("/"):
                self._command(text)
                continue
            if not self.prompts and not self._is_json:
                self._renderer.user(text)
            self._say(text)

    def _open(self) -> Reader:
        if not self.prompts:
            return Lines()
        earlier = self._conversation.last_messages(100)
        for message in earlier[-SHOWN_AT_START:]:
            self._renderer.remark(f"{'You' if message.role == 'user' else 'Assistant'}: {one_line(message.text)}")
        colours = not make_console().no_color
        return Prompt([one.text for one in earlier if one.role == "user"], colours=colours)

    def _say(self, text: str) -> None:
        if not self._is_json:
            self._renderer.wait()
        self._do(lambda: self._conversation.say(text, self._show))

    def _command(self, text: str) -> None:
        match text:
            case "/cancel":
                self._do(lambda: self._conversation.cancel(self._show))
            case "/help":
                self._renderer.remark(HELP)
            case _:
                self._renderer.remark(f"There is no command {text!r}.\n{HELP}")

    def _do(self, work: Callable[[], RunRecord | None]) -> None:
        """Do something with a run. At a terminal nothing that goes wrong ends the session."""
        try:
            record = work()
        except KeyboardInterrupt:
            self._renderer.close()
            if not self.prompts:
                raise
            return
        except AnyAssistantError as error:
            self._renderer.close()
            if not self.prompts:
                raise
            self._renderer.remark(one_line(advise(error, self._store)), "red")
            return
        if record is not None and record.status != "completed" and not self.prompts:
            self._exit_code = EXIT_FAILED
            if self._is_json:
                print(f"anyassistant: {describe_outcome(record)}", file=sys.stderr)


def _where(conversation: Conversation) -> str:
    return f"thread {conversation.thread.id}" if conversation.thread is not None else "a new thread"
