"""How many workers the machine can bear: a pure function of what is seen and what was done.

Memory in use, as a share of the tightest limit, with the failsafe at 85 %::

       0 ─────────── 75 % ─────────── 85 % ─────────── 92 % ───────── 100 %
          may grow         stays         one fewer at      kills the
                                         a time, leases    largest
                                         nothing below 82 %
"""

import math
from dataclasses import replace

from playlista.pool.decision import PATIENCE_S, Action, Bound, Decision, Past, Reason, View
from playlista.pool.limits import RESUME_MARGIN, Limits
from playlista.pool.memory import Memory
from playlista.units import Bytes, Ratio

SHRINK_PAUSE_S = 0.5
"""Measured, 2026-11: so soon the memory of a killed worker of 300 MB is back, also where others
have all processors (ADR 0016)."""
MOST_PATIENCE_S = 30.0
"""Simulated, 2026-11: a load that plays with eight workers for an hour moves them 4.4 times a
minute, where six are allowed (ADR 0016)."""
CALM_S = 300.0
"""After so long without giving way the next strain has nothing to do with the last; a guess."""
STALL_RATIO, EASED_RATIO = Ratio(0.2), Ratio(0.1)
"""Guesses, 2026-11; a group throttled to a standstill was measured at 0.63."""
CONTENTION_RATIO = Ratio(0.2)
"""A guess, 2026-11: beside others who took all processors, two workers' load showed 0.44."""
CONTENTION_PAUSE_S = 10.0
"""After a change, until contention can show its effect: it is a mean over so long."""
SLACK, SPARE = 0.5, 0.25
"""Processors; guesses, 2026-11: what others may take beyond the free ones before the pool
yields to them, and still take when it grows again. A machine at rest does something."""


def decide(view: View, past: Past, limits: Limits) -> Decision:
    """Decide how many workers there may be; to be asked twice a second while they work."""
    strain = strain_on(view.memory, limits, easing=past.strained)
    if view.bound is not None and is_beyond(view, past, view.bound):
        return obey(view, past, view.bound, lease=strain is None and not past.strained)
    if strain is not None:
        begun = past if past.strained else replace(relapsed(past), strained=True)
        return give_way(view, begun, limits, strain)
    if past.strained and is_settling(view, past):
        return hold(past, Reason.SETTLING, lease=False)
    calm = view.now - past.shrunk >= CALM_S
    patience_s = PATIENCE_S if calm else past.patience_s
    return take_up(view, replace(past, strained=False, patience_s=patience_s), limits)


def strain_on(memory: Memory | None, limits: Limits, *, easing: bool) -> Reason | None:
    """Return why work has to be given back; None when it has not.

    Args:
        memory: None while it cannot be read.
        limits: The bounds.
        easing: There was a strain already: it ends only with some distance.
    """
    if memory is None:
        return None
    margin = RESUME_MARGIN if easing else 1.0
    if any(limits.is_starved(scope, margin) for scope in memory.scopes):
        return Reason.MIN_AVAILABLE
    if memory.used_ratio >= (limits.resume_below if easing else limits.failsafe):
        return Reason.FAILSAFE
    bearable = EASED_RATIO if easing or memory.throttled else STALL_RATIO
    if memory.stalled is not None and memory.stalled >= bearable:
        return Reason.STALLED
    return None


def is_beyond(view: View, past: Past, bound: Bound) -> bool:
    """Tell whether there is more than people allow."""
    return past.target > bound.workers or (bound.at_once and view.running > bound.workers)


def obey(view: View, past: Past, bound: Bound, *, lease: bool) -> Decision:
    """Go down to what people allow, in one step."""
    target = min(past.target, bound.workers)
    shed = max(0, view.running - target) if bound.at_once else 0
    after = replace(past, target=target, changed=view.now)
    return Decision(target, lease, shed, False, Action.SHRINK, bound.reason, after)


def relapsed(past: Past) -> Past:
    """Wait twice as long for the next growth as for the last: that was not borne."""
    return replace(past, patience_s=min(2 * past.patience_s, MOST_PATIENCE_S))


def is_settling(view: View, past: Past) -> bool:
    """Tell whether the last change may not have shown its effect yet."""
    return view.now - past.changed < past.patience_s


def give_way(view: View, past: Past, limits: Limits, strain: Reason) -> Decision:
    """Lease nothing, and let go of one worker at a time while the strain lasts."""
    passing = strain_on(view.memory, limits, easing=False) is None
    if passing or view.now - past.shrunk < SHRINK_PAUSE_S:
        return hold(past, strain, lease=False)
    floor = 0 if strain is Reason.MIN_AVAILABLE else 1
    target = min(past.target, max(floor, min(past.target, view.workers) - 1))
    after = replace(past, target=target, changed=view.now, shrunk=view.now)
    at_the_end = view.memory is not None and view.memory.used_ratio >= limits.kill_from
    if at_the_end and view.workers > 0:
        return Decision(target, False, 0, True, Action.KILL, strain, after)
    shed = 1 if view.running > target else 0
    if target == past.target and shed == 0:
        return hold(past, strain, lease=False)
    return Decision(target, False, shed, False, Action.SHRINK, strain, after)


def take_up(view: View, past: Past, limits: Limits) -> Decision:
    """Add workers while there is something for them to do and room to do it in."""
    ceiling = ceiling_of(view, limits)
    if past.target > ceiling:
        after = replace(past, target=ceiling, changed=view.now)
        return Decision(ceiling, True, 0, False, Action.SHRINK, Reason.CEILING, after)
    room = beside_others(view, SLACK)
    used = min(past.target, view.running)
    if limits.workers is None and used > room and is_contended(view, past):
        grown = past.changed > past.shrunk
        begun = relapsed(past) if grown else past
        after = replace(begun, target=room, changed=view.now, shrunk=view.now)
        return Decision(room, True, 0, False, Action.SHRINK, Reason.YIELDING, after)
    obstacle = obstacle_to_growth(view, past, limits, ceiling)
    if obstacle is not None:
        return hold(past, obstacle, lease=True)
    fixed = limits.workers is not None and past.patience_s == PATIENCE_S
    target = ceiling if fixed and past.target > 0 else past.target + 1
    reason = Reason.BACKLOG if past.target else Reason.RECOVERED
    after = replace(past, target=target, changed=view.now)
    return Decision(target, True, 0, False, Action.GROW, reason, after)


def obstacle_to_growth(view: View, past: Past, limits: Limits, ceiling: int) -> Reason | None:
    """Return the first reason not to add a worker; None when there is none."""
    if past.target >= ceiling:
        return reason_to_stay_below(view, ceiling)
    obstacles = {
        Reason.MEMORY: view.memory is not None and view.memory.used_ratio >= limits.grow_below,
        Reason.SETTLING: is_settling(view, past),
    }
    if past.target > 0:
        fixed = limits.workers is not None
        obstacles = {
            Reason.NO_BACKLOG: view.backlog == 0,
            Reason.SPARE: view.running < past.target and not fixed,
            **obstacles,
            Reason.CPU: not fixed and past.target >= beside_others(view, SPARE),
        }
    return next((reason for reason, stands in obstacles.items() if stands), None)


def ceiling_of(view: View, limits: Limits) -> int:
    """Return the most workers there may be, whatever the memory in use; none if people say so."""
    ceiling = limits.ceiling(view.processors.whole_cores)
    if view.memory is None:
        ceiling = min(ceiling, limits.fallback_workers)
    return ceiling if view.bound is None else min(ceiling, view.bound.workers)


def reason_to_stay_below(view: View, ceiling: int) -> Reason:
    """Return what sets the ceiling."""
    if view.bound is not None and view.bound.workers == ceiling:
        return view.bound.reason
    return Reason.CEILING if view.memory is not None else Reason.MEMORY_UNKNOWN


def beside_others(view: View, slack: float) -> int:
    """Return how many workers find a processor that nobody else uses; at least one."""
    others = view.processors.others or 0.0
    return max(1, math.floor(view.processors.machine_cores + slack - others))


def is_contended(view: View, past: Past) -> bool:
    """Tell whether work waits for processors, and the last change is not to blame."""
    contended = view.processors.contended or Ratio(0.0)
    settled = view.now - past.changed >= CONTENTION_PAUSE_S
    return settled and contended >= CONTENTION_RATIO


def hold(past: Past, reason: Reason, *, lease: bool) -> Decision:
    """Change nothing."""
    return Decision(past.target, lease, 0, False, Action.HOLD, reason, past)


def admits(need: Bytes, reserved: Bytes, memory: Memory | None, limits: Limits) -> bool:
    """Tell whether one more track fits under the failsafe, in every scope.

    The floor is the caller's: with nothing running, one track is leased whenever the decision
    allows leasing, or a small machine would never begin.

    Args:
        need: What the track will take beyond what its worker holds already, in bytes.
        reserved: What the tracks in hand will still take.
        memory: None while it cannot be read: then the count of workers is the only bound.
        limits: The bounds.
    """
    if memory is None:
        return True
    return all(scope.used + reserved + need <= limits.plan_up_to(scope) for scope in memory.scopes)
