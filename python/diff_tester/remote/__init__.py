"""The helper by which snapshot_test reaches remotes that it cannot reach itself (docs/remote-helper.md).

`python -m diff_tester.remote` speaks the protocol on standard input and output. The program brings these files along
and has the Python of its setting `remote_python` run them; that needs obstore, paramiko or webdav4 for the remote's
scheme, and not this package. Nothing in here may import anything of it outside this folder.
"""
