"""Receives CloudEvents from Kafka with the CloudEvents project's Python SDK and prints each as a line of JSON.

cloudevents.py BROKER TOPIC COUNT. Reads binary mode and JSON.
"""
import base64, json, sys
from datetime import datetime, timezone

# This file is called like the package that it is for.
sys.path.pop(0)

from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka
from cloudevents.core.formats.json import JSONFormat
from confluent_kafka import Consumer

broker, topic, count = sys.argv[1:]
own = ("specversion", "id", "source", "type", "subject", "time", "dataschema", "datacontenttype")


def text(value):
    if not isinstance(value, datetime):
        return value
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def data_of(value):
    if value is None:
        return None
    plain = value if isinstance(value, bytes) else (value if isinstance(value, str) else json.dumps(value)).encode()
    return base64.b64encode(plain).decode()


group = {"group.id": "python-" + topic, "auto.offset.reset": "earliest", "enable.auto.commit": False}
consumer = Consumer({"bootstrap.servers": broker, **group})
consumer.subscribe([topic])
for _ in range(int(count)):
    message = consumer.poll(60)
    if message is None or message.error():
        raise RuntimeError(str(message and message.error()))
    received = KafkaMessage(headers=dict(message.headers()), key=message.key(), value=message.value())
    found = from_kafka(received, JSONFormat())
    attributes = {name: text(value) for name, value in found.get_attributes().items() if value is not None}
    row = {
        "attributes": {name: value for name, value in attributes.items() if name in own},
        "extensions": {name: value for name, value in attributes.items() if name not in own},
        "data": data_of(found.get_data()),
    }
    print(json.dumps(row), flush=True)
consumer.close()
