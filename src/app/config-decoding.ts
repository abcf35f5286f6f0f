import { bytes, group } from '../schema/index.ts'

export const decodingGroup = group(
  {
    memory: bytes(
      {
        description:
          'Memory for requests, messages and responses while they are decoded, over all sources and the API. Above ' +
          'it a request is refused with 503, and one that exceeds it alone with 413. A message of a bus or a ' +
          'websocket of which parsing needs more than half is stored as its bytes. Unset: a sixteenth of the memory ' +
          'of the container or machine, between 32MiB and 256MiB',
        default: null,
        example: '128MiB',
      },
      { min: '16MiB', max: '64GiB' },
    ),
  },
  { description: 'Decoding of received data', default: {} },
)
