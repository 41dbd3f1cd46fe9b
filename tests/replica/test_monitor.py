"""What the monitor remembers of replicas: their reports, deaths and failures to load."""

from a2r_ray.records import Row
from a2r_ray.replica.monitor import Monitor, Past
from a2r_ray.replica.suspects import Suspicion


class Clock:
    """Time as the monitor sees it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def sample(pool: str = "explorer", *, loading: bool = False) -> Row:
    return {"pool": pool, "loading": loading}


def test_a_report_is_as_old_as_it_is_here_whatever_the_clock_of_its_node() -> None:
    clock = Clock()
    monitor = Monitor(clock=clock)
    assert monitor.report("a", sample()) == 0.5
    clock.now += 7
    monitor.report("b", sample())
    ages = {name: report["age_s"] for name, report in monitor.snapshot().reports.items()}
    assert ages == {"a": 7.0, "b": 0.0}


def test_a_replica_that_is_begun_again_hears_who_has_ended_and_how() -> None:
    lost: set[str] = set()
    monitor = Monitor(lost.__contains__)
    assert not monitor.arrive("a1", "explorer", "actor-a", "node-1")
    assert not monitor.arrive("b1", "explorer", "actor-b", "node-1")
    assert monitor.serve("b1") == Past()
    assert monitor.arrive("a2", "explorer", "actor-a", "node-1")
    assert monitor.serve("a2") == Past(("a1",))
    lost.add("node-1")
    assert not monitor.arrive("a3", "explorer", "actor-a", "node-2")
    assert monitor.serve("a3") == Past(("a1", "a2"))
    monitor.arrive("s1", "synthesizer", "actor-s", "node-2")
    assert monitor.serve("s1") == Past()


def test_what_a_lost_node_owes_can_be_taken_from_it_until_its_replica_serves_again() -> None:
    lost: set[str] = set()
    monitor = Monitor(lost.__contains__)
    assert not monitor.move("actor", [1])  # nobody knows it
    monitor.arrive("a1", "explorer", "actor", "node-1")
    monitor.arrive("b1", "explorer", "other", "node-2")
    monitor.serve("a1")
    assert not monitor.move("actor", [1])
    lost.add("node-1")
    assert monitor.move("actor", [1, 2])
    assert monitor.ended("b1") == ("a1",)  # whoever gets them knows where to look
    monitor.arrive("a2", "explorer", "actor", "node-3")
    assert monitor.move("actor", [3])  # it loads
    assert not monitor.arrive("a3", "explorer", "actor", "node-3")  # what ended while it loaded had begun none of them
    assert monitor.move("actor", [4])
    assert monitor.serve("a3") == Past(("a1", "a2"), frozenset({1, 2, 3, 4}))
    assert not monitor.move("actor", [5])
    assert monitor.arrive("a4", "explorer", "actor", "node-3")
    assert not monitor.move("actor", [5])  # its process ended, not its node
    assert monitor.serve("a4").moved == {1, 2, 3, 4}


def test_who_has_not_been_heard_of_has_ended_too() -> None:
    clock = Clock()
    monitor = Monitor(clock=clock)
    monitor.arrive("a1", "explorer", "actor-a", "node")
    monitor.report("a1", sample())
    clock.now += 60
    monitor.arrive("b1", "explorer", "actor-b", "node")
    assert monitor.serve("b1").ended == ("a1",)


def test_what_was_let_in_when_a_process_died_is_held_against_it_and_not_when_its_node_was_lost() -> None:
    clock, lost = Clock(), set[str]()
    monitor = Monitor(lost.__contains__, clock)
    for number, node in enumerate(("node-1", "node-2")):
        monitor.arrive(f"r{number}", "explorer", "actor", node)
        monitor.report(f"r{number}", sample())
        monitor.let_in(f"r{number}", "p1")
    assert monitor.suspicions(["p1", "p2"])[0].deaths == 2
    lost.add("node-2")
    monitor.arrive("r2", "explorer", "actor", "node-3")
    assert monitor.suspicions(["p1"])[0].deaths == 2
    monitor.let_in("r2", "p1")
    monitor.done("r2", "p1")
    assert monitor.suspicions(["p1"]) == [Suspicion()]


def test_a_replica_may_report_for_the_first_time_while_others_ask() -> None:
    monitor = Monitor(clock=lambda: float(monitor._reports.setdefault(f"new-{len(monitor._reports)}", (0.0, {}))[0]))
    monitor.arrive("a1", "explorer", "actor", "node")
    monitor.report("a1", sample())
    assert monitor.ended("a1") == ()


def test_pauses_before_loading_again_grow_and_end_with_the_first_that_loads() -> None:
    monitor = Monitor()
    assert [monitor.cannot_load("explorer", "no memory") for _ in range(3)] == [15.0, 30.0, 60.0]
    failures = monitor.snapshot().cannot_load["explorer"]
    assert (failures.count, failures.last, failures.ever_ready) == (3, "no memory", False)
    monitor.report("a", sample())
    assert monitor.snapshot().cannot_load == {}
    monitor.cannot_load("explorer", "no memory")
    assert monitor.snapshot().cannot_load["explorer"].ever_ready
    assert [monitor.cannot_load("explorer", "") for _ in range(10)][-1] == 600.0


def test_a_stop_is_heard_by_whoever_reports() -> None:
    monitor = Monitor()
    assert monitor.report("a", sample()) == 0.5
    monitor.stop()
    assert monitor.report("a", sample()) == 0


def test_many_replicas_report_less_often_each_and_those_that_have_gone_count_no_more() -> None:
    clock = Clock()
    monitor = Monitor(clock=clock)
    waits = [monitor.report(f"r{number}", sample()) for number in range(64)]
    assert (waits[0], waits[15], waits[63]) == (0.5, 0.5, 2.0)
    assert [monitor.report(f"r{number}", sample()) for number in range(1000)][-1] == 4.0
    clock.now += 60
    assert monitor.report("r1", sample()) == monitor.snapshot().report_every_s == 0.5


def test_why_the_run_must_end_and_what_the_reader_counted() -> None:
    monitor = Monitor()
    assert (monitor.snapshot().failures, monitor.snapshot().input_rows) == ((), None)
    monitor.fail("the disk is full")
    monitor.read_all({"input": 3, "duplicate": 1})
    assert (monitor.snapshot().failures, monitor.snapshot().input_rows) == (
        ("the disk is full",),
        {"input": 3, "duplicate": 1},
    )
