"""Reads kollect's messages with generated classes and prints each as a line of JSON: consumer.py GENERATED BUS …

nats URL STREAM SUBJECT COUNT · kafka BROKER TOPIC COUNT
sqs ENDPOINT REGION QUEUE_URL COUNT · pubsub PROJECT SUBSCRIPTION COUNT
"""
import base64, json, sys

generated, bus, *place, count = sys.argv[1:]
sys.path.insert(0, generated)

from kollect.event.v1 import event_pb2 as envelopes
from kollect.resource.event.v1 import event_pb2 as events

kinds = (events.ResourceCreatedEvent, events.ResourceUpdatedEvent, events.ResourceDeletedEvent)
known = {each.DESCRIPTOR.full_name: each for each in kinds}
wanted = int(count)


def read(data):
    envelope = envelopes.Envelope.FromString(data)
    row = {
        "id": envelope.id,
        "timestamp": envelope.timestamp.ToMilliseconds(),
        "applies_at": envelope.applies_at.ToMilliseconds(),
        "type_url": envelope.payload.type_url,
    }
    event = known[envelope.payload.TypeName()]()
    if not envelope.payload.Unpack(event):
        raise ValueError("the payload is not of its type")
    row["type"] = event.DESCRIPTOR.name
    fields = {field.name: value for field, value in event.ListFields()}
    row["fields"] = {name: value.decode() if isinstance(value, bytes) else value for name, value in fields.items()}
    # Bytes of fields that this reader does not know.
    known_bytes = sum(len(type(event)(**{name: value}).SerializeToString()) for name, value in fields.items())
    row["left"] = len(event.SerializeToString()) - known_bytes
    return row


def emit(key, data):
    print(json.dumps({"key": key, **read(data)}), flush=True)


def nats(url, stream, subject):
    import asyncio, nats as client

    async def main():
        connection = await client.connect(url)
        subscription = await connection.jetstream().subscribe(subject, stream=stream, ordered_consumer=True)
        for _ in range(wanted):
            message = await subscription.next_msg(timeout=60)
            emit((message.headers or {}).get("ce-partitionkey"), message.data)
        await connection.close()

    asyncio.run(main())


def kafka(broker, topic):
    from confluent_kafka import Consumer

    group = {"group.id": "consumer", "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer({"bootstrap.servers": broker, **group})
    consumer.subscribe([topic])
    for _ in range(wanted):
        message = consumer.poll(60)
        if message is None or message.error():
            raise RuntimeError(str(message and message.error()))
        emit(message.key().decode(), message.value())
    consumer.close()


def sqs(endpoint, region, queue):
    import boto3

    keys = {"aws_access_key_id": "reader", "aws_secret_access_key": "secret"}
    client = boto3.client("sqs", endpoint_url=endpoint, region_name=region, **keys)
    options = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 20}
    options |= {"MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
    got = 0
    while got < wanted:
        messages = client.receive_message(QueueUrl=queue, **options).get("Messages", [])
        if not messages:
            raise RuntimeError("the queue is empty")
        for message in messages:
            if message["MessageAttributes"]["base64encoded"]["StringValue"] != "true":
                raise ValueError("bytes are not marked as base64")
            emit(message["Attributes"]["MessageGroupId"], base64.b64decode(message["Body"], validate=True))
        entries = [{"Id": str(at), "ReceiptHandle": each["ReceiptHandle"]} for at, each in enumerate(messages)]
        client.delete_message_batch(QueueUrl=queue, Entries=entries)
        got += len(messages)


def pubsub(project, subscription):
    from google.cloud import pubsub_v1

    # It finds the emulator by PUBSUB_EMULATOR_HOST.
    with pubsub_v1.SubscriberClient() as client:
        path = client.subscription_path(project, subscription)
        # The server sends a message again if its acknowledgement takes longer than the deadline.
        seen = set()
        while len(seen) < wanted:
            messages = client.pull(subscription=path, max_messages=100, timeout=60).received_messages
            client.acknowledge(subscription=path, ack_ids=[message.ack_id for message in messages])
            for message in messages:
                if message.message.message_id not in seen:
                    emit(message.message.ordering_key, message.message.data)
                seen.add(message.message.message_id)


{"nats": nats, "kafka": kafka, "sqs": sqs, "pubsub": pubsub}[bus](*place)
