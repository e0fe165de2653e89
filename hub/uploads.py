"""Uploaded files are bounded before a byte of them is kept: Django's own limit counts everything but files (promise G34)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class Bounded(FileUploadHandler):
    """Refuses a form whose files are larger than DATA_UPLOAD_MAX_MEMORY_SIZE in all; what it lets through, the next handler keeps."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.taken = 0

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803  (the name is Django's)
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        if content_length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 64 * 1024:  # the form around the files
            raise RequestDataTooBig("the files are too large")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.taken += len(raw_data)
        if self.taken > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig("the files are too large")
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
