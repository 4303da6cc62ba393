"""`anyassistant demo`: a shop assistant at work."""

from ..client import RunOptions
from ..errors import AnyAssistantError
from ..sync import Client
from ..types import RunRecord
from .advice import ChatOptions, advising, command_line, how_to_decide, name_database
from .approvals import ApproveAll, Approver, follow_and_decide, make_approver, waiting_for_approval
from .asking import Person
from .console import is_attended, make_console
from .failures import EXIT_FAILED, EXIT_INTERRUPTED
from .follow import Show
from .json_lines import print_event
from .loading import load_tools
from .marks import assistant_of, delete_unused, new_thread
from .notes import tell_notes
from .options import HERE, Approve, Json, Where
from .render import NUMBERS, Renderer
from .scenes import SCENES, find_problems
from .stored_runs import MEMORY
from .target import ECHO, provider_name

SHOP = "anyassistant.cli.shop:TOOLS"
UNATTENDED = "Buying needs an approval. There is no terminal to ask at, so the demo gives it; --approve no does not."
INSTRUCTIONS = "You are the assistant of a shop. Help the customer with past purchases and new orders."


def demo(
    *,
    provider: str | None = None,
    model: str | None = None,
    thread: str | None = None,
    approve: Approve = None,
    json: Json = False,
    where: Where = HERE,
) -> int:
    """Watch a shop assistant at work.

    A customer asks for sunglasses that were bought, orders them again and
    confirms the order; the assistant calls three Python functions to help.
    The one that buys needs an approval: you are asked. Where there is no
    terminal to ask at, it is approved, unless --approve says otherwise.

    Every event is shown as it happens, and all of it is kept: another process
    can look at it and go on. Without configuration a small language model runs
    in this process: no key, no account, no network.

    Args:
        provider: NAME or NAME:MODEL, of an installed provider or of a profile. By default what is configured.
        model: The model, instead of the provider's default.
        thread: Go on on this thread.
        json: For machines: one event a line, and nothing else.
    """
    name = provider_name(provider, where)
    console = make_console(stderr=json)
    renderer = Renderer(console, every_event=True)
    tell_notes(name, renderer.note)
    renderer.remark(f"A shop assistant on provider {name}, with the functions of {SHOP}.", "bold")
    renderer.remark(f"What it does is kept in {name_database(where.store)}. {NUMBERS}")
    can_ask = is_attended() and not json
    approver = make_approver(
        approve, Person(renderer) if can_ask else None, otherwise=ApproveAll(by="anyassistant demo")
    )
    if approve is None and not can_ask:
        renderer.remark(UNATTENDED, "bold")
    stage = Stage(name, renderer, show=print_event if json else renderer, approver=approver)
    try:
        with advising(where.store):
            stage.play(provider, model, thread, where)
    except KeyboardInterrupt:
        stage.problems.append("it was interrupted")
        return EXIT_INTERRUPTED
    finally:
        renderer.close()
        for problem in stage.problems:
            renderer.remark(f"Not as expected: {problem}.", "red")
        if stage.undecided is not None:
            says = how_to_decide(stage.undecided, ChatOptions([SHOP], provider=provider, where=where))
            renderer.remark(f"\n{says}", "yellow")
        elif stage.thread_id is not None:
            renderer.remark(_how_to_go_on(stage.thread_id, provider, where))
    return EXIT_FAILED if stage.problems or stage.undecided is not None else 0


class Stage:
    """Where the demo plays.

    Args:
        provider: The provider's name.
        show: What shows the events.
        approver: Decides on the call that buys.

    Attributes:
        thread_id: The thread, if something happened on one.
        problems: What was not as it should be.
        undecided: The run that was left waiting for an approval.
    """

    def __init__(self, provider: str, renderer: Renderer, *, show: Show, approver: Approver) -> None:
        self._is_echo = provider == ECHO
        self._renderer = renderer
        self._show = show
        self._approver = approver
        self.thread_id: str | None = None
        self.problems: list[str] = []
        self.undecided: RunRecord | None = None

    def play(self, target: str | None, model: str | None, thread_id: str | None, where: Where) -> None:
        """Play all scenes, as long as the runs complete."""
        with Client(target, store=where.store, config=where.config) as client:
            tools = load_tools([SHOP])
            assistant = assistant_of(
                client,
                "demo",
                bound=tools,
                name="Shop assistant",
                instructions=INSTRUCTIONS,
                tools=tools,
            )
            thread = new_thread(client, "demo") if thread_id is None else client.threads.get(thread_id)
            self.thread_id = thread.id
            options = RunOptions() if model is None else RunOptions(model=model)
            for scene in SCENES:
                says = scene.script if self._is_echo else scene.says
                self._renderer.remark("")
                self._renderer.user(says)
                self._renderer.wait()
                thread.add(says)
                run = thread.run(assistant, **options)
                try:
                    record, _ = follow_and_decide(run, self._show, self._approver, lambda: thread.resume(tools=tools))
                except AnyAssistantError:
                    if thread_id is None and delete_unused(client, thread):
                        self.thread_id = None
                    raise
                if waiting_for_approval(record):
                    self.undecided = record
                    return
                if record.status != "completed":
                    self.problems.append(f"run {record.id} on {says!r} is {record.status}")
                    return
                steps = list(run.steps())
                self.problems += find_problems(scene, [call for step in steps for call in step.tool_calls])


def _how_to_go_on(thread_id: str, provider: str | None, where: Where) -> str:
    if where.store == MEMORY:
        return "\nLeave --store out, and all of this is still there for the next process."
    look = command_line("threads", "show", thread_id, where=Where(where.store))
    talk = command_line("chat", "--thread", thread_id, "--tools", SHOP, provider=provider, where=where)
    return f"\nAll of it is kept. Look at it, and go on with it, from another process:\n  {look}\n  {talk}"
