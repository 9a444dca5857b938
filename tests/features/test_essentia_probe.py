import platform

from playlista.essentia import usable


def test_a_processor_without_avx_never_loads_it(tmp_path, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags : fpu sse4_2 popcnt\n")

    assert not usable(cpuinfo)
