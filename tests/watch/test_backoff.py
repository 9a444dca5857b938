from playlista.watch.backoff import BackOff


def test_waits_double_up_to_a_bound():
    back_off = BackOff(1, 6)

    assert [back_off.next_s() for _ in range(5)] == [1, 2, 4, 6, 6]


def test_success_starts_with_the_first_wait_again():
    back_off = BackOff(1, 6)
    back_off.next_s()
    back_off.reset()

    assert back_off.next_s() == 1
