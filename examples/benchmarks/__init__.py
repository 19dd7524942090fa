"""An ASV suite that shows each feature once. It needs numpy and wavelab, which is the folder next to this one."""
