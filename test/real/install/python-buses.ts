// A Python with other clients of Kafka, AWS and Google Cloud Pub/Sub, the CloudEvents SDK, and protobuf with its
// compiler, from PyPI.
import type { Installed } from './apt.ts'
import { installPython } from './python.ts'
import { sayInstalled } from './say.ts'

const versions = {
  'confluent-kafka': '2.16.1',
  boto3: '1.44.5',
  'google-cloud-pubsub': '2.44.0',
  cloudevents: '2.2.0',
  protobuf: '7.36.2',
  'grpcio-tools': '1.85.1',
}

export function installPythonBuses(): Promise<Installed> {
  return installPython({
    name: 'python-buses',
    version: Object.values(versions).join('-'),
    packages: Object.entries(versions).map(([name, version]) => `${name}==${version}`),
    imports: [
      'confluent_kafka',
      'boto3',
      'google.cloud.pubsub_v1',
      'cloudevents.core.bindings.kafka',
      'grpc_tools.protoc',
    ],
  })
}

await sayInstalled(import.meta.url, 'python-buses', installPythonBuses)
