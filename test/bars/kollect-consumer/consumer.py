"""Reads a kollect topic with generated classes and prints each message as a line of JSON: consumer.py GENERATED URL STREAM SUBJECT COUNT."""
import asyncio, json, sys

generated, url, stream, subject, count = sys.argv[1:]
sys.path.insert(0, generated)

import nats
from kollect.event.v1 import event_pb2 as envelopes
from kollect.resource.event.v1 import event_pb2 as events

known = {each.DESCRIPTOR.full_name: each for each in (events.ResourceCreatedEvent, events.ResourceUpdatedEvent, events.ResourceDeletedEvent)}


def read(data):
    envelope = envelopes.Envelope.FromString(data)
    told = {"id": envelope.id, "timestamp": envelope.timestamp.ToMilliseconds(), "applies_at": envelope.applies_at.ToMilliseconds(), "type_url": envelope.payload.type_url}
    event = known[envelope.payload.TypeName()]()
    if not envelope.payload.Unpack(event):
        raise ValueError("the payload is not of its type")
    told["type"] = event.DESCRIPTOR.name
    told["fields"] = {field.name: value.decode() if isinstance(value, bytes) else value for field, value in event.ListFields()}
    # What this reader has no field for.
    told["left"] = len(event.SerializeToString()) - sum(len(type(event)(**{field.name: value}).SerializeToString()) for field, value in event.ListFields())
    return told


async def main():
    connection = await nats.connect(url)
    subscription = await connection.jetstream().subscribe(subject, stream=stream, ordered_consumer=True)
    for _ in range(int(count)):
        message = await subscription.next_msg(timeout=60)
        print(json.dumps({"key": (message.headers or {}).get("ce-partitionkey"), **read(message.data)}), flush=True)
    await connection.close()


asyncio.run(main())
