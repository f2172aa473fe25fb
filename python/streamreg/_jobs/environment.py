"""Stage 2 of a job file: `${NAME}` in a string becomes the value of that environment variable.

`${NAME:-text}` has a default.
"""

import re
from collections.abc import Mapping

# The alternatives in this order: the escape must win over the reference that it escapes.
_TOKEN = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{")


class ExpansionError(ValueError):
    """A `${…}` that has no value; the message never holds one."""


def expand(text: str, environ: Mapping[str, str]) -> str:
    """The text with the values of the environment in it.

    Args:
        text: May hold `${NAME}` anywhere and any number of times; `$${` stands for a literal `${`.
            A `$` that no brace follows is an ordinary character. `${NAME:-text}` is the text up to
            the brace, as it is and without `${`, where the variable is not set or empty, as shells have it.
        environ: Where the values come from. They are taken as they are, not expanded again.

    Returns:
        The expanded text.

    Raises:
        ExpansionError: If a variable is not set or is no text, a `${` is not followed by a name and a brace, or a
            default holds one.
    """

    def value(match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        name, default = match[1], match[2]
        if name is None:
            raise ExpansionError(
                "a ${ must be followed by the name of an environment variable and a }, or by a name, :-, its "
                "default and a }; "
                "write $${ for the characters themselves"
            )
        if default is not None and "${" in default:
            raise ExpansionError(
                f"the default of {name} holds a ${{: it is a text as it is, without variables"
            )
        if default is not None and not environ.get(name):
            return str(default)
        if name not in environ:
            raise ExpansionError(f"the environment variable {name} is not set")
        found = environ[name]
        try:
            found.encode("utf-8")  # os.environ marks bytes that are no text with surrogates
        except UnicodeEncodeError:
            raise ExpansionError(f"the environment variable {name} is not UTF-8") from None
        return found

    return _TOKEN.sub(value, text)
