"""`python -m snapshot_tool`: the command line."""

from diff_tester.snapshot._program import replace_process

if __name__ == "__main__":
    replace_process()
