"""What the run doctor knows: each disease as a pure function of what was logged, with its remedy in a sentence.

Metrics have the names that callbacks.named gives them. A disease whose metrics are not logged is not looked for.
Thresholds are set against runs of the default configuration that learn well; what these show stands beside each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite, nan
from statistics import fmean, median

from ewm.training.history import CANARY, TOTAL, WINDOW, Finding, History, Plan

NO_VARIANCE = 0.9  # share of groups without variance; good runs: at most 0.68
CLIPPED = 0.2  # share of answers cut by the token limit; good runs: at most 0.006
DROWNED = 0.9  # share of the terms' weighted variance that one of them has
LEARNT = 0.5  # mean of the other terms from which on they are no longer left behind
COLLAPSED = 0.2  # of the entropy at the beginning; good runs: at least 0.48
SOLVED = 0.95  # total from which on neither entropy nor variance is wanted any more
DIVERGED = 0.5  # of the reward at the beginning; good runs: at least 0.84
RUNAWAY = 0.3  # nats a token from the reference; good runs: at most 0.03
SAMPLED = 0.1  # nats a token between the policy's log-probabilities and vLLM's own, which differ a little by kernels

SAME, CUT = "grpo/frac_reward_zero_std", "completions/clipped_ratio"
ENTROPY, KL = "grpo/entropy", "grpo/kl"
VLLM = "grpo/sampling/sampling_logp_difference/mean"


Detector = Callable[[History, Plan], Iterator[Finding]]


def present(history: History, plan: Plan) -> list[Finding]:
    """Every disease that the run has now."""
    return [finding for detector in DETECTORS for finding in detector(history, plan)]


def no_variance(history: History, plan: Plan) -> Iterator[Finding]:
    """All answers of a group earn the same: there is nothing to prefer, and nothing is learnt."""
    values, total = history.recent(SAME), history.mean(TOTAL)
    if not values or total is None or (share := fmean(values)) < NO_VARIANCE:
        return
    grpo = plan.grpo
    if total <= 1 - SOLVED:
        remedy = "Begin with answers that earn something: sft=short before GRPO, or a denser reward=prefix."
    elif total >= SOLVED:
        remedy = "Train on programs whose answers differ: data.spread=FILE, made by `python -m ewm.evaluation spread`."
    else:
        remedy = (
            f"Make the answers of a group differ: grpo.num_generations above {grpo.num_generations}, "
            f"grpo.temperature above {grpo.temperature:g}, or data.spread=FILE."
        )
    said = f"{share:.0%} of the groups have no variance in reward (mean reward {total:.2f}): they teach nothing."
    yield Finding("no_variance", SAME, history.step, share, said, remedy)


def clipped(history: History, plan: Plan) -> Iterator[Finding]:
    """Answers are cut by the token limit, and so are wrong whatever they say."""
    values = history.recent(CUT)
    if not values or (share := fmean(values)) < CLIPPED:
        return
    limit = plan.grpo.max_completion_length
    yield Finding(
        "clipped", CUT, history.step, share,
        f"{share:.0%} of the answers are cut at {limit} tokens and count as wrong.",
        f"Raise grpo.max_completion_length above {limit}; if answers never end, begin with sft=short.",
    )  # fmt: skip


def drowned(history: History, plan: Plan) -> Iterator[Finding]:
    """One term makes nearly all of the differences in reward, and the others are neither learnt nor learning."""
    weights = {name: w for name, w in plan.weights.items() if w and history.recent(f"rewards/{name}/std")}
    if len(weights) < 2:
        return
    variance = {
        name: fmean((weight * std) ** 2 for std in history.recent(f"rewards/{name}/std"))
        for name, weight in weights.items()
    }
    loud = max(variance, key=lambda name: variance[name])
    rest = {name: w for name, w in weights.items() if name != loud and w > 0}
    whole = sum(variance.values())
    if not rest or not whole or (share := variance[loud] / whole) < DROWNED:
        return
    earned = sum(w * fmean(history.recent(f"rewards/{name}/mean")) for name, w in rest.items()) / sum(rest.values())
    if earned >= LEARNT:
        return
    yield Finding(
        "drowned", f"rewards/{loud}/std", history.step, share,
        f"The term {loud} makes {share:.0%} of the variance in reward; the others ({', '.join(rest)}) stay at "
        f"{earned:.2f} on average.",
        f"Lower reward.terms.{loud}.weight (now {weights[loud]:g}), or raise those of the others.",
    )  # fmt: skip


def entropy_collapse(history: History, plan: Plan) -> Iterator[Finding]:
    """The policy says one thing only, before it is right."""
    values, total = history.recent(ENTROPY), history.mean(TOTAL)
    begun = [row[ENTROPY] for row in history.first if isfinite(row.get(ENTROPY, nan))]
    if not values or len(begun) < WINDOW or total is None or total >= SOLVED:
        return
    before, now = fmean(begun), fmean(values)
    if before <= 0 or now > COLLAPSED * before:
        return
    grpo = plan.grpo
    beta = f"raise grpo.beta above {grpo.beta:g}" if grpo.beta else "hold the policy near its start with grpo.beta=0.04"
    yield Finding(
        "entropy_collapse", ENTROPY, history.step, now / before,
        f"Entropy fell from {before:.3g} to {now:.3g} nats a token at a mean reward of {total:.2f}: nothing new is "
        "tried any more.",
        f"Lower grpo.learning_rate below {grpo.learning_rate:g}, or {beta}.",
    )  # fmt: skip


def diverged(history: History, plan: Plan) -> Iterator[Finding]:
    """The reward itself is lost: updates are too large. Without a reference (beta=0) no KL would show it."""
    values, begun = history.recent(TOTAL), [row[TOTAL] for row in history.first]
    if not values or not all(map(isfinite, begun)) or (now := fmean(values)) > DIVERGED * (before := fmean(begun)):
        return
    if before - now < 0.1:
        return
    yield Finding(
        "diverged", TOTAL, history.step, now,
        f"Mean reward fell from {before:.2f} to {now:.2f}.",
        f"Lower grpo.learning_rate below {plan.grpo.learning_rate:g}.",
    )  # fmt: skip


def kl_runaway(history: History, plan: Plan) -> Iterator[Finding]:
    """The policy has left its reference. The median: the estimator has single high values on good runs too."""
    values = history.recent(KL)
    if not values or (apart := median(values)) < RUNAWAY:
        return
    grpo = plan.grpo
    yield Finding(
        "kl_runaway", KL, history.step, apart,
        f"The policy is {apart:.2g} nats a token away from its reference.",
        f"Lower grpo.learning_rate below {grpo.learning_rate:g}, or raise grpo.beta above {grpo.beta:g}.",
    )  # fmt: skip


def overfitted(history: History, plan: Plan) -> Iterator[Finding]:
    """Training reward rises while what is held out falls: the reward is gamed, or the programs are learnt by heart."""
    for metric in ("validation/reward", "validation/pass@1"):
        fall = history.heldout.turned(metric)
        if fall is None:
            continue
        end = "grpo.load_best_model_at_end=true" if plan.budget else f"grpo.max_steps={max(1, fall.step)}"
        yield Finding(
            "overfitted", metric, history.step, fall.before - fall.now,
            f"{metric} fell from {fall.before:.2f} to {fall.now:.2f} while the reward in training rose.",
            f"End near the best: {end}; or train on more programs: data.num_train.",
        )  # fmt: skip


def forgotten(history: History, plan: Plan) -> Iterator[Finding]:
    """A level that the model knew at the beginning is answered worse."""
    for metric, fall in history.heldout.lost():
        level = metric.removeprefix("validation/").removeprefix("level/").removesuffix("/exact")
        grpo = plan.grpo
        yield Finding(
            "forgotten", metric, history.step, fall.before - fall.now,
            f"Exact answers on {level} fell from {fall.before:.2f} to {fall.now:.2f}: what was known is forgotten.",
            f"Raise grpo.beta above {grpo.beta:g} or lower grpo.learning_rate below {grpo.learning_rate:g}; more "
            "programs of that level in data.sources help too.",
        )  # fmt: skip


def stale_sampler(history: History, plan: Plan) -> Iterator[Finding]:
    """The weights that sample are not the weights that are trained, or are no numbers any more."""
    seen = history.recent(VLLM)
    own = "Let the trained model itself sample, if slowly: '+grpo.extra.generation_kwargs={}'."
    for metric, gap, bound, remedy in (
        (CANARY, history.canary, plan.astray, own),
        (VLLM, median(seen) if seen else None, SAMPLED, "Sample with engine=hf."),
    ):
        if gap is None or gap <= bound:
            continue
        said = f"What samples and what is trained are {gap:.2g} nats a token apart: updates do not reach the sampler."
        yield Finding("stale_sampler", metric, history.step, gap, said, remedy)


DETECTORS: tuple[Detector, ...] = (
    no_variance,
    clipped,
    drowned,
    entropy_collapse,
    diverged,
    kl_runaway,
    overfitted,
    forgotten,
    stale_sampler,
)
