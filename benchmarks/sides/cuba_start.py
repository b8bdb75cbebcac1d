"""CUBA with 4,000 cells for 1 s, from the command to the rate: a whole process, which `benchmarks/startup.py` times."""

from lapicque_recurrent import described

import lapicque as lq


def main():
    net, method = described({"network": "cuba", "neurons": 4_000})
    answer = lq.simulate(net, "1 second", seed=1, method=method, progress=False)
    print(f"{answer.spikes['cells'].rate().mean():.1f} Hz")


if __name__ == "__main__":
    main()
