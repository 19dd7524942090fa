def time_nested_root(): return 1
