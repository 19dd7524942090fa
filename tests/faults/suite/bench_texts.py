"""Texts and dates: nothing here has a tolerance."""

import numpy as np

from .inputs import days, floats, words


class Return:
    def setup(self):
        self.words, self.days, self.a = words(), days(), floats(5)

    def time_upper(self):
        return np.char.upper(self.words)

    def time_replace(self):
        return np.char.replace(self.words, "a", "oo")

    def time_find(self):
        return np.char.find(self.words, "a")

    def time_array2string(self):
        return np.array2string(self.a, precision=3)

    def time_busday_count(self):
        return np.busday_count(self.days[0], self.days)


class Expression:
    def setup(self):
        self.words, self.days, self.a = words(), days(), floats(5)

    def time_char_add(self):
        np.char.add(self.words, "!")

    def time_split(self):
        np.char.split(self.words)

    def time_isdigit(self):
        np.char.isdigit(self.words)

    def time_busday_offset(self):
        np.busday_offset(self.days, 2, roll="forward")

    def time_base_repr(self):
        np.base_repr(1234, 7)


class Local:
    def setup(self):
        self.words, self.days, self.a = words(), days(), floats(5)

    def time_strip(self):
        stripped = np.char.strip(self.words)

    def time_zfill(self):
        padded = np.char.zfill(self.words, 8)

    def time_str_len(self):
        lengths = np.char.str_len(self.words)

    def time_datetime_as_string(self):
        texts = np.datetime_as_string(self.days)

    def time_binary_repr(self):
        text = np.binary_repr(77)
