// A Python with protobuf, its compiler and a NATS client, from PyPI.
import type { Installed } from './apt.ts'
import { installPython } from './python.ts'
import { sayInstalled } from './say.ts'

const [tools, protobuf, nats] = ['1.85.1', '7.36.2', '2.16.0']

export function installPythonProtobuf(): Promise<Installed> {
  return installPython({
    name: 'python-protobuf',
    version: `${tools}-${protobuf}-${nats}`,
    packages: [`grpcio-tools==${tools}`, `protobuf==${protobuf}`, `nats-py==${nats}`],
    imports: ['grpc_tools.protoc', 'google.protobuf', 'nats'],
  })
}

await sayInstalled(import.meta.url, 'python-protobuf', installPythonProtobuf)
