"""What a benchmark writes to files is all that it shows."""

import os
import tempfile

import numpy as np

from .inputs import floats, integers, matrix


class Files:
    def setup(self):
        self.a, self.n, self.m = floats(), integers(), matrix(4, 6)
        self.folder = tempfile.mkdtemp()

    def time_save(self):
        np.save("sorted.npy", np.sort(self.a))

    def time_savez(self):
        np.savez("archive.npz", total=np.cumsum(self.a), n=self.n)

    def time_text(self):
        with open("norms.txt", "w") as file:
            file.write(" ".join(f"{norm:.4g}" for norm in np.linalg.norm(self.m, axis=1).tolist()))

    def time_bytes(self):
        with open("bytes.bin", "wb") as file:
            file.write(np.exp(self.a).round(3).astype("<f8").tobytes())

    def time_temporary(self):
        with open(os.path.join(self.folder, "counts"), "w") as file:
            print(np.bincount(self.n).tolist(), file=file)

    def time_random_name(self):
        handle, _ = tempfile.mkstemp(suffix=".csv")
        with os.fdopen(handle, "w") as file:
            np.savetxt(file, np.cov(self.m))
