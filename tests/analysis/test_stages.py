from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista import stages
from playlista.records import Features, Tier
from playlista.stages import FIELDS, MODELLED, TIMED, VERSIONS, Stage, Wanted

MODEL = "msd-musicnn"
QUICK, FULL, DEEP = (stages.stages(tier, model=True) for tier in Tier)
versions = st.dictionaries(st.sampled_from(Stage), st.integers(0, 3))
models = st.sampled_from([None, MODEL, "another"])
wanteds = st.builds(Wanted, st.sampled_from(Tier), models)


def of_now(done):
    return {stage: VERSIONS[stage] for stage in done}


def test_every_field_has_a_stage_that_decides_it_and_no_stage_another():
    decided = {name for names in FIELDS.values() for name in names}

    assert decided == {field.name for field in fields(Features)} | {"embedding", "tags"}


def test_every_stage_decides_something():
    assert all(FIELDS[stage] for stage in Stage)


def test_every_stage_is_timed_but_the_one_that_is_timed_with_another():
    assert set(Stage) - set(TIMED) == {Stage.EVERY_PATCH}


@pytest.mark.parametrize("model", [True, False])
def test_each_tier_holds_the_one_before_and_more(model):
    quick, full, deep = (stages.stages(tier, model=model) for tier in Tier)

    assert quick < full <= deep
    assert (full < deep) is model


def test_the_deepest_tier_is_everything():
    assert set(Stage) == DEEP


def test_the_quick_tier_needs_no_model():
    assert not QUICK & MODELLED


@pytest.mark.parametrize("tier", Tier)
def test_without_a_model_a_tier_lacks_only_what_a_model_can_do(tier):
    with_one, without = (stages.stages(tier, model=model) for model in (True, False))

    assert without == with_one - MODELLED


def test_what_was_heard_by_the_model_that_is_wanted_is_usable():
    assert Wanted(Tier.FULL, MODEL).usable(of_now(FULL), MODEL) == FULL


@pytest.mark.parametrize(("wanted", "heard_by"), [(MODEL, "another"), (MODEL, None), (None, MODEL)])
def test_what_another_model_heard_is_not_usable_but_the_rest_is(wanted, heard_by):
    assert Wanted(Tier.FULL, wanted).usable(of_now(FULL), heard_by) == FULL - MODELLED


@pytest.mark.fault(50)
def test_a_stage_of_an_older_version_alone_is_done_again(monkeypatch):
    done = of_now(FULL)
    monkeypatch.setattr(stages, "VERSIONS", {**VERSIONS, Stage.KEY: VERSIONS[Stage.KEY] + 1})

    assert Wanted(Tier.FULL, MODEL).missing(done, MODEL) == {Stage.KEY}


@pytest.mark.fault(50)
def test_a_stage_of_a_newer_version_stays_after_a_downgrade():
    done = {stage: version + 1 for stage, version in of_now(FULL).items()}

    assert not Wanted(Tier.FULL, MODEL).missing(done, MODEL)


def test_a_model_that_comes_asks_only_for_what_it_can_do():
    assert Wanted(Tier.FULL, MODEL).missing(of_now(FULL - MODELLED), None) == {Stage.EMBEDDING}


def test_a_model_that_goes_asks_for_nothing():
    assert not Wanted(Tier.FULL).missing(of_now(FULL), MODEL)


def test_from_quick_to_full_only_the_difference_is_missing():
    assert Wanted(Tier.FULL, MODEL).missing(of_now(QUICK), None) == FULL - QUICK


@given(wanteds, versions, models)
def test_nothing_is_missing_once_the_missing_is_done(wanted, done, heard_by):
    missing = wanted.missing(done, heard_by)
    kept = {stage: done[stage] for stage in wanted.usable(done, heard_by)}

    assert not wanted.missing(kept | of_now(missing), wanted.model)


@given(wanteds, versions, models)
def test_nothing_usable_is_missing(wanted, done, heard_by):
    assert not wanted.missing(done, heard_by) & wanted.usable(done, heard_by)


@given(wanteds, versions, models)
def test_only_what_was_done_is_usable(wanted, done, heard_by):
    assert wanted.usable(done, heard_by) <= done.keys()


@pytest.mark.parametrize("tier", Tier)
def test_a_complete_tier_is_that_tier(tier):
    assert stages.tier_of(stages.stages(tier, model=True)) is tier


def test_without_a_model_nothing_is_deeper_than_full():
    assert stages.tier_of(stages.stages(Tier.DEEP, model=False)) is Tier.FULL


@given(st.frozensets(st.sampled_from(Stage)), st.sampled_from(Stage))
def test_one_more_stage_never_lowers_the_tier(done, more):
    order = list(Tier)

    assert order.index(stages.tier_of(done | {more})) >= order.index(stages.tier_of(done))


@given(st.frozensets(st.sampled_from(Stage)))
def test_a_field_has_a_reason_just_when_no_stage_has_decided_it(done):
    decided = {name for stage in done for name in FIELDS[stage]}
    everything = {name for names in FIELDS.values() for name in names}

    assert stages.not_asked(done).keys() == everything - decided


def test_the_reason_tells_the_quick_tier_from_the_absence_of_a_model():
    reasons = stages.not_asked(QUICK)

    assert reasons["mfcc"] == stages.NOT_QUICK
    assert reasons["embedding"] == stages.NO_MODEL
