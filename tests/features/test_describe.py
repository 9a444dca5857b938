import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sounds
from playlista.features.describe import Ensemble, Stopwatch
from playlista.records import AudioSettings, Features, Tier
from playlista.stages import FIELDS as DECIDED
from playlista.stages import TIMED, stages

RATE = 22_050
FIELDS = {field.name for field in dataclasses.fields(Features)}
NOTHING = np.empty(0, np.float32)


def describe(sound, *, rate=RATE, tier=Tier.FULL, cuts=(), readings=(NOTHING, NOTHING), **choices):
    wanted = stages(tier, model=False)
    ensemble = Ensemble(rate, wanted, AudioSettings(**choices), Stopwatch())
    parts = np.split(np.asarray(sound, np.float32), cuts or range(66_150, len(sound), 66_150))
    for i, part in enumerate(parts):
        ensemble.feed(part, *(readings if i == 0 else (NOTHING, NOTHING)))
    return ensemble.result()


ODD_SOUNDS = {
    "nothing at all": NOTHING,
    "one sample": np.ones(1, np.float32),
    "a tenth of a second": sounds.tone(0.1, rate=RATE),
    "silence": sounds.silence(12, RATE),
    "a direct current": np.ones(12 * RATE, np.float32),
    "a constant tone": sounds.tone(12, rate=RATE),
    "clipping": np.sign(sounds.tone(12, rate=RATE)),
    "noise": sounds.noise(12, rate=RATE),
    "one click": np.eye(1, 12 * RATE, RATE, dtype=np.float32)[0],
    "the faintest noise": sounds.noise(12, 1e-7, rate=RATE),
    "ten times full scale": sounds.noise(12, 10, rate=RATE),
}


@pytest.mark.parametrize("name", ODD_SOUNDS)
@pytest.mark.parametrize("tier", [Tier.QUICK, Tier.FULL])
def test_every_field_is_known_or_has_a_reason(name, tier):
    found = describe(ODD_SOUNDS[name], tier=tier)

    values = dataclasses.asdict(found.features)
    asked = {field for stage in stages(tier, model=False) for field in DECIDED[stage]}
    assert {field for field in asked if values[field] is None} == set(found.reasons)
    assert all(why and "\n" not in why for why in found.reasons.values())


@pytest.mark.parametrize("rate", [8_000, 44_100, 384_000])
def test_every_rate_is_described(rate):
    found = describe(sounds.cadence("A minor", 6, rate), rate=rate)

    assert found.features.key == "A minor"
    if rate == 8_000:
        assert "rate is too low" in found.reasons["spectral_contrast"]
    else:
        assert len(found.features.spectral_contrast) == 7


@given(
    st.lists(st.integers(0, 5 * RATE), max_size=6).map(sorted),
    st.integers(0, 5 * RATE),
    st.sampled_from([sounds.drums(130, 5, RATE), sounds.cadence("E major", 5, RATE)]),
)
@settings(max_examples=12, deadline=None)
def test_how_a_track_is_cut_makes_no_difference(cuts, length, sound):
    whole = describe(sound[:length], cuts=[length])
    cut = describe(sound[:length], cuts=cuts or [1])

    assert cut.reasons == whole.reasons
    for field in FIELDS - set(whole.reasons):
        one, other = getattr(whole.features, field), getattr(cut.features, field)
        if isinstance(one, str):
            assert one == other
        else:
            assert other == pytest.approx(one, rel=1e-3, abs=1e-3), field


@given(st.integers(0, 2**32 - 1), st.integers(1, 5 * RATE), st.floats(1e-9, 1e4))
@settings(max_examples=15, deadline=None)
def test_every_number_is_finite_and_in_its_range(seed, n, loudness):
    noise = np.random.default_rng(seed)
    sound = loudness * noise.standard_normal(n) * (noise.random(n) > noise.random())

    features = describe(sound, tier=Tier.QUICK).features

    for field, value in dataclasses.asdict(features).items():
        if isinstance(value, float):
            assert math.isfinite(value), field
            if field.endswith("_confidence") or field == "zero_crossing_rate":
                assert 0 <= value <= 1, field


def test_nothing_is_said_of_what_was_not_asked():
    found = describe(sounds.drums(120, 6, RATE), tier=Tier.QUICK)

    assert found.features.bpm is not None
    assert found.features.mfcc is None
    assert "mfcc" not in found.reasons


def test_the_full_tier_has_every_field():
    readings = (np.full(60, -20, np.float32), np.full(30, -20, np.float32))
    found = describe(sounds.drums(120, 12, RATE), readings=readings)

    assert not found.reasons
    assert [len(getattr(found.features, f)) for f in ("mfcc", "chroma", "spectral_contrast")] == [
        13,
        12,
        7,
    ]


def test_a_cap_thins_and_says_so():
    found = describe(sounds.drums(120, 30, RATE), cap_bytes=2400)

    assert found.thinned
    assert found.features.bpm == pytest.approx(120, rel=0.1)
    assert not describe(sounds.drums(120, 5, RATE)).thinned


def test_half_precision_curves_change_little():
    sound = sounds.drums(97, 20, RATE)

    half = describe(sound, tier=Tier.QUICK, float16=True).features
    single = describe(sound, tier=Tier.QUICK, float16=False).features

    assert half.bpm == pytest.approx(single.bpm, rel=1e-3)
    assert half.danceability == pytest.approx(single.danceability, rel=1e-2)


def test_only_known_stages_are_timed():
    stopwatch = Stopwatch()
    ensemble = Ensemble(RATE, stages(Tier.FULL, model=False), AudioSettings(), stopwatch)
    ensemble.feed(sounds.noise(3, rate=RATE), NOTHING, NOTHING)
    ensemble.result()

    assert set(stopwatch.seconds) <= set(TIMED)
    assert stopwatch.seconds["timbre"] > 0


def test_the_quick_tier_loads_neither_librosa_nor_essentia():
    code = (
        "import sys, numpy as np, playlista.features.describe as d, playlista.records as r\n"
        "import playlista.stages as s\n"
        "quick = s.stages(r.Tier.QUICK, model=False)\n"
        "e = d.Ensemble(22050, quick, r.AudioSettings(), d.Stopwatch())\n"
        "e.feed(np.random.rand(220500).astype('f'), np.empty(0, 'f'), np.empty(0, 'f'))\n"
        "e.result()\n"
        "print([m for m in ('librosa', 'essentia', 'numba', 'scipy.signal') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
