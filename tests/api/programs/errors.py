import sys

from anyassistant import Client, Image
from anyassistant.errors import InvalidRequest, RunFailed, RunIncomplete, ThreadBusy
from anyassistant.types import Limits
from pydantic import BaseModel
from shop import TOOLS


class Tag(BaseModel):
    price: float


with Client() as client:
    thread_id = client.threads.create().id
    try:
        assistant = client.assistants.create(tools=[TOOLS])
        thread = client.threads.get(thread_id)
        thread.add([sys.argv[1], Image.from_path("tag.jpg")])
        run = thread.run(assistant, response_format=Tag, limits=Limits(turns=8, seconds=60))
        print(run.result().output.price * 2)
    except InvalidRequest as error:
        print(error.param, error.code)
    except ThreadBusy as error:
        print(error.run_id)
    except RunIncomplete as error:
        print(error.text, error.reason)
    except RunFailed as error:
        print(error.code, error.retry_after, error.request_id)
