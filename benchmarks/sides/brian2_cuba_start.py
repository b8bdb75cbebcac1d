"""Brian2's side of `cuba_start.py`: the same network in C++ standalone mode, compilation included."""

from brian2_recurrent import prepare


def main():
    options = {"duration": 1_000.0, "settle": 0.0, "dt": 0.1, "seed": 1, "threads": 1, "precision": "float64"}
    (simulate,) = prepare({"network": "cuba", "neurons": 4_000, **options}).values()
    print(f"{simulate()['rate_hz']:.1f} Hz")


if __name__ == "__main__":
    main()
