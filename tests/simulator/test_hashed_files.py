"""A file is hashed while it is read; one that is not read to its end is not hashed to its end either."""

import hashlib
import threading

import pytest

from simulator.data.paths import hash_of, hashed_meanwhile

CONTENT = bytes(range(256)) * 4000


@pytest.mark.parametrize("read", [True, False])
def test_a_hash_is_of_all_bytes_whether_the_file_was_read_or_not(tmp_path, read):
    path = tmp_path / "table.csv"
    path.write_bytes(CONTENT)
    before = set(threading.enumerate())
    if read:
        with hashed_meanwhile(str(path)):
            pass
    else:
        with pytest.raises(ValueError, match="damaged"), hashed_meanwhile(str(path)):
            raise ValueError("damaged")
    assert set(threading.enumerate()) <= before
    assert hash_of(str(path)) == hashlib.sha256(CONTENT).hexdigest()
