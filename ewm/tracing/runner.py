"""The pool that a trainer talks to: programs in, traces out, in order, from slim zygotes that do the forking.

The trainer never forks: forking a 1.6 GB process costs 89 ms. A failed program is a Trace with an honest status,
never an exception here. A zygote that dies costs the one program it was running and is replaced. One Runner serves
one process; calls from several threads are serialised.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from types import SimpleNamespace, TracebackType
from typing import Any

from ewm.config import limits
from ewm.config.errors import ConfigError
from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing.cache import Cache
from ewm.tracing.decode import SIGNALED, decode
from ewm.tracing.edits import Edit, Edited
from ewm.tracing.events import Trace
from ewm.tracing.pythons import interpreter
from ewm.tracing.worker import Worker, framed, request_of, setup_of, trace_of, write

LEVELS = limits.CHOICES["trace.require"]
_DEATHS = 20  # zygotes in a row that die before one answer: the machine, not the programs, is at fault


class IsolationError(RuntimeError):
    """The machine does not reach the level that the config requires."""


class Runner:
    """Traces programs under one TraceConfig. A context manager; zygotes start when they are first needed.

    ConfigError for a limit that is outside its range and for an interpreter that cannot trace.
    """

    def __init__(self, cfg: TraceConfig):
        if found := list(limits.values(SimpleNamespace(trace=cfg))):
            raise ConfigError(found)
        self.cfg = cfg
        self._python = interpreter(cfg.python)
        self._size = cfg.workers or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else [0])
        self._about = setup_of(cfg)
        self._setup = framed(self._about)
        self._workers: list[Worker] = []
        self._poll = select.poll()
        self._done: dict[int, Trace | None] = {}
        self._held: dict[int, tuple[Program, bytes]] = {}  # ticket -> what another one is asking already
        self.cache: Cache | None = None  # from the first program on, if there is to be one
        self._ticket = 0
        self._deaths = 0
        self._lock = threading.RLock()

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End every zygote; the Runner may be used again."""
        with self._lock:
            while self._workers:
                worker = self._workers.pop()
                self._poll.unregister(worker.stdout)
                worker.close()
            if self.cache is not None:
                self.cache.close()

    @property
    def isolation(self) -> dict[str, Any]:
        """What a zygote reached: {"isolation", "python", "notes"}."""
        with self._lock:
            if not self._workers:
                self._start()
            return self._workers[0].greeting

    def trace(self, program: Program, edits: Iterable[Edit] = ()) -> Trace:
        """One program's trace, under edits if there are some (EditError: one of them cannot be made)."""
        return next(self.trace_all([Edited(program, tuple(edits)) if edits else program]))

    def plain(self, program: Program) -> Trace:
        """The same run without a tracer: no events."""
        return self._plain(program)

    def oracle(self, program: Program) -> Trace:
        """The run as the instrumented program tells it (see `oracle`): values are literal text of nodes."""
        return self._plain(program, oracle=True)

    def _plain(self, program: Program, oracle: bool = False) -> Trace:
        with self._lock:
            ticket = self._submit(program, plain=True, oracle=oracle)
            while (trace := self._done[ticket]) is None:
                self._pump()
            del self._done[ticket]
        return trace

    def trace_all(self, programs: Iterable[Program | Edited]) -> Iterator[Trace]:
        """Traces in the order of the programs, run in parallel, a bounded number ahead of the reader."""
        edited: dict[int, Edited] = {}
        source = iter(programs)
        tickets: deque[int] = deque()
        try:
            while True:
                while (
                    len(tickets) < (3 * self.cfg.batch + 4) * self._size and (program := next(source, None)) is not None
                ):
                    tickets.append(self._submit(program))
                    if isinstance(program, Edited):
                        edited[tickets[-1]] = program
                if not tickets:
                    return
                with self._lock:
                    self._release(tickets[0])
                    while self._done[tickets[0]] is None:
                        self._pump()
                    ticket = tickets.popleft()
                    trace = self._done.pop(ticket)
                assert trace is not None
                yield edited.pop(ticket).checked(trace) if ticket in edited else trace
        finally:
            with self._lock:
                for ticket in tickets:
                    self._done.pop(ticket, None)  # the reader left: answers still to come are dropped
                    self._held.pop(ticket, None)

    def _start(self) -> Worker:
        worker = Worker(self._python.path, self._setup, 2 * self.cfg.batch + 1)
        reached, wanted = worker.greeting["isolation"], self.cfg.require
        if wanted is not None and LEVELS.index(reached) < LEVELS.index(wanted):
            worker.close()
            notes = (
                "; ".join(f"{k}: {v}" for k, v in worker.greeting["notes"].items()) or f"asked: {self.cfg.isolation}"
            )
            raise IsolationError(f"trace.require={wanted}, but this machine gives {reached} ({notes})")
        self._workers.append(worker)
        self._poll.register(worker.stdout, select.POLLIN)
        return worker

    def _submit(self, program: Program | Edited, plain: bool = False, oracle: bool = False) -> int:
        program, edits = (program.program, program.edits) if isinstance(program, Edited) else (program, ())
        request = request_of(program, plain, edits, oracle)
        with self._lock:
            self._ticket += 1
            self._done[self._ticket] = None
            if plain or not self._known(self._ticket, program, request):
                self._send(self._ticket, program, request)
            return self._ticket

    def _known(self, ticket: int, program: Program, request: bytes) -> bool:
        """Answered from the cache, or held back because the same is being asked."""
        if not (self.cfg.cache or self.cfg.cache_mb) or self.cfg.read_paths or self.cfg.sys_path:
            return False  # what lies under a profile's paths may change
        if self.cache is None:
            self.cache = Cache(self.cfg, self._about, self.isolation)
        if (answer := self.cache.get(request)) is not None:
            self._done[ticket] = trace_of(program, answer, self.cache.reached)
        elif self.cache.ask(request):
            return False
        else:
            self._held[ticket] = program, request
        return True

    def _release(self, ticket: int) -> None:
        """Its turn: what it was held back for is in the cache, or else it is run."""
        if self.cache is not None and (held := self._held.pop(ticket, None)):
            self.cache.drop(held[1])
            if not self._known(ticket, *held):
                self._send(ticket, *held)

    def _send(self, ticket: int, program: Program, request: bytes, again: bool = True) -> None:
        while True:
            worker = min(self._workers, key=lambda w: len(w.waiting), default=None)
            if worker is None or (worker.waiting and len(self._workers) < self._size):
                worker = self._start()
            if worker.takes(len(request)):
                break
            self._pump()
        worker.waiting.append((ticket, program, request))
        worker.bytes += len(request)
        try:
            write(worker.stdin, request)
        except BrokenPipeError:
            idle = again and len(worker.waiting) == 1  # it died before this came: once more, to another one
            if idle:
                worker.waiting.clear()
            self._replace(worker)
            if idle:
                self._send(ticket, program, request, again=False)

    def _pump(self) -> None:
        """Wait for answers and store them."""
        ready = {fd for fd, _ in self._poll.poll()}
        for worker in [w for w in self._workers if w.stdout in ready]:
            if not worker.read():
                self._replace(worker)
                continue
            for answer in worker.answers():
                self._take(worker, answer)

    def _take(self, worker: Worker, answer: bytes) -> None:
        """The next program of this worker is done."""
        self._deaths = 0
        ticket, program, request = worker.waiting.popleft()
        worker.bytes -= len(request)
        if ticket not in self._done and self.cache is None:
            return
        trace = trace_of(program, answer, worker.greeting)
        if self.cache is not None:
            self.cache.put(request, answer, trace.status, worker.greeting)
        if ticket in self._done:
            self._done[ticket] = trace

    def _replace(self, worker: Worker) -> None:
        """The zygote died: the program it was running is lost, the others go to another one."""
        self._workers.remove(worker)
        self._poll.unregister(worker.stdout)
        worker.close()
        if not worker.waiting:  # idle: nothing is lost
            return
        self._deaths += 1
        if self._deaths == _DEATHS:
            code = worker.process.returncode
            raise RuntimeError(f"{_DEATHS} tracing processes died one after the other (last exit code {code}).")
        (ticket, program, request), *rest = worker.waiting
        if self.cache is not None:
            self.cache.drop(request)
        if ticket in self._done:
            code = worker.process.returncode
            self._done[ticket] = decode(program, b"", SIGNALED, max(0, -code), 0.0, 0.0, worker.greeting)
        for ticket, program, request in rest:
            self._send(ticket, program, request)
