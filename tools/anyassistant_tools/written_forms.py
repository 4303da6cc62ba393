"""How a value that JSON has no type for is written as a text, in words for a model."""

FORMS = {
    "date": '"YYYY-MM-DD"',
    "date-time": '"YYYY-MM-DDThh:mm:ss", with "Z" or "+hh:mm" at its end for a time zone',
    "time": '"hh:mm:ss"',
    "duration": 'ISO 8601, such as "P1DT2H30M"',
    "uuid": '"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" in hexadecimal digits',
    "base64": "standard base64",
}
"""By the `format` of JSON Schema."""

_FORMATS = {
    "date_type": "date",
    "date_parsing": "date",
    "date_from_datetime_parsing": "date",
    "date_from_datetime_inexact": "date",
    "datetime_type": "date-time",
    "datetime_parsing": "date-time",
    "datetime_object_invalid": "date-time",
    "datetime_from_date_parsing": "date-time",
    "timezone_aware": "date-time",
    "timezone_naive": "date-time",
    "time_type": "time",
    "time_parsing": "time",
    "time_delta_type": "duration",
    "time_delta_parsing": "duration",
    "uuid_type": "uuid",
    "uuid_parsing": "uuid",
    "bytes_type": "base64",
    "bytes_invalid_encoding": "base64",
}
"""By the type of an error of pydantic."""


def with_form(expected: str, error_type: str) -> str:
    """Add to what pydantic expected how that is written, where its error is about that."""
    form = _FORMATS.get(error_type)
    return expected if form is None else f"{expected.removesuffix('.')} (write it as {FORMS[form]})"
