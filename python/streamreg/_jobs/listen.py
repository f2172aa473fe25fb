"""Stage 4 of a job file, listening: where metrics, health and the live result are served, and to whom."""

from streamreg._exceptions import ConfigurationError
from streamreg._jobs.check import Section
from streamreg._serve.address import ListenOptions, checked


def read_listen(table: Section) -> ListenOptions | None:
    """Where the run of a job listens, if it does; where a problem was noted it is of no use.

    Whether that can be, and what it takes is installed, is looked at when the job is run.
    """
    address = table.string("address", required=not table.empty)
    token = table.string("token", required=False) or None
    insecure = table.boolean("insecure", False)
    hosts = table.strings("hosts", required=False)
    table.close()
    if not address:
        return None
    found = ListenOptions(address=address, insecure=insecure, hosts=hosts)
    if token is not None:
        found["token"] = token
    try:
        checked(found)
    except ConfigurationError as error:
        text = str(error).removeprefix("listen: ")
        key = next((key for key in ("token", "hosts") if text.startswith(("the " + key, key))), "")
        if not key:  # Shown as the file has it, without what the environment has put in.
            key, text = (
                "address",
                f"{text.partition(', found ')[0]}, found {table.shown('address')}",
            )
        table.problem(key, text.removeprefix(f"{key}: "))
    return found
