class TimeNested:
    def time_nested(self):
        return 1
