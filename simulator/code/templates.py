"""The parts of a script that are alike for every network and library; «words» are filled in."""

from __future__ import annotations

HEAD = '''
"""«title», after «steps» in Nablascope: check it, train it on and ask it in «library».

python model.py --check [--float32]    compares with what the bench computed, in check.npz
python model.py --predict ROWS.csv     answers the rows of a file, as they are measured
"""
'''
SHORT_HEAD = '"""«title», after «steps» in Nablascope: python model.py --check [--float32] | --predict ROWS.csv."""'
GAPS = """    gaps = []
    for name, a, b in ((name, «array») for name, a, b in pairs):
        other = ~((a == b) | (np.isnan(a) & np.isnan(b)))
        gap = np.nan_to_num(np.abs(a[other] - b[other]), nan=np.inf).max(initial=0)
        gaps.append((gap / np.abs(b[np.isfinite(b)]).max(initial=1), name))
    return max(gaps)
"""
MAIN = """
if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        exact = "--float32" not in sys.argv
«precision»        (gap, name), most = check(exact), 1e-10 if exact else 1e-5
        print(f"largest |a - b| / max(1, max|b|): {gap:.2g} ({name}), at most {most:g}")
«condition»        sys.exit(not gap <= most)
    if sys.argv[1:2] == ["--predict"]:
«predicted»
    else:
        print(__doc__)
"""
