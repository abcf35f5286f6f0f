import * as z from 'zod'
import { parseCidr } from '../model/cidr.ts'
import { Complaint } from './complaint.ts'
import { makeField, type FieldFor, type Meta } from './field.ts'
import { hostPortWords, parseHostPort, type HostPort } from './host-port.ts'
import { parsed, raise } from './parsed.ts'

type Listen = string | readonly string[] | false

const PATTERN = '^(?:\\[[0-9A-Fa-f:.%]+\\]|[^\\s:/\\[\\]]+):\\d{1,5}$'

/** One `host:port`, IPv6 in brackets. Port 0: the system chooses. */
export function hostPort<const M extends Meta<string>>(meta: M): FieldFor<HostPort, string, M> {
  return makeField(
    parsed(parseHostPort),
    { kind: 'host:port', expects: hostPortWords, advise: adviseNumber, pattern: PATTERN },
    meta,
  )
}

/** Also what YAML 1.1 reads as false, which users write for `off`. */
const OFF = /^(?:off|no|false)$/i

export function listen<const M extends Meta<Listen>>(meta: M): FieldFor<readonly HostPort[], Listen, M> {
  const schema: z.ZodType<readonly HostPort[], Listen> = z
    .union([z.string(), z.array(z.string()), z.literal(false)])
    .transform((written, context) => {
      if (written === false || (typeof written === 'string' && OFF.test(written))) return []
      const texts = typeof written === 'string' ? [written] : written
      return texts.map((text, index) => {
        const parsed = parseHostPort(text)
        if (!(parsed instanceof Complaint)) return parsed
        const path = typeof written === 'string' ? [] : [index]
        raise(context, new Complaint(parsed.message, parsed.hint, path))
        return z.NEVER
      })
    })
  const expects = `${hostPortWords}, a list of them, or \`off\``
  return makeField<readonly HostPort[], Listen, M>(
    schema,
    { kind: 'listen', expects, advise: adviseNumber, pattern: PATTERN },
    meta,
  )
}

export function addressRange<const M extends Meta<string>>(meta: M): FieldFor<string, string, M> {
  const schema = parsed((written) =>
    parseCidr(written) === undefined
      ? new Complaint(`\`${written}\` is not a range of addresses`, 'write it like `10.0.0.0/8` or `2001:db8::/32`')
      : written,
  )
  return makeField(schema, { kind: 'text', expects: 'a range of addresses' }, meta)
}

function adviseNumber(value: unknown) {
  return typeof value === 'number' ? `write \`127.0.0.1:${value}\`` : undefined
}
