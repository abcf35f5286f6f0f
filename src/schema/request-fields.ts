import { mapping } from './collections.ts'
import { duration } from './quantities.ts'
import { text } from './scalars.ts'

export const timeoutField = (description: string, time = '10s') =>
  duration({ description, default: time }, { min: '10ms' })

export const sendTimeout = (time: string) =>
  timeoutField('Timeout of one request; a send ends after at most twice this time', time)

export const headersField = (
  description = 'Additional headers of every request',
  example: Readonly<Record<string, string>> = { 'x-site': 'edge' },
) =>
  mapping(text({ description: 'Value of a header', required: true, example: 'edge' }), {
    description,
    default: {},
    example,
  })
