def time_never(): return 1
