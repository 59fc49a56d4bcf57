"""What every test run needs, whichever part of the tests is run."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Kernels started by the notebook tests: no progress bars, no warnings of their own on stderr.
profile = Path(tempfile.mkdtemp(prefix="mytorch-ipython-")) / "profile_default"
profile.mkdir()
atexit.register(shutil.rmtree, profile.parent, ignore_errors=True)
(profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 40\n")
os.environ |= {"IPYTHONDIR": str(profile.parent), "TQDM_DISABLE": "1", "PYTHONHASHSEED": "0"}

# What sweeps have computed before is no test: every test run starts with nothing kept.
os.environ["MYTORCH_CACHE"] = str(profile.parent / "results")

# On a busy machine two BLAS threads that wait for each other take many times as long as one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
