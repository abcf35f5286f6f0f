/** Functions of expressions beside those of CEL. Null: the value is absent. */
import type { Environment } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'
import { flagBits } from '../../codecs/netobserv-json/keys.ts'
import { formatIp, mappedPrefix, parseIp } from '../../model/ip.ts'
import { serviceNames } from './services.ts'

const mostPatterns = 100
const patterns = new Map<string, RE2JS>()

function found(text: string, pattern: string): boolean {
  let compiled = patterns.get(pattern)
  if (compiled === undefined) {
    if (patterns.size >= mostPatterns) patterns.clear()
    patterns.set(pattern, (compiled = RE2JS.compile(pattern)))
  }
  return compiled.matcher(text).find()
}

/** The range of an address in CIDR notation; null with more bits than the address has. */
function subnet(address: string, bits: bigint): string | null {
  const words = parseIp(address)
  if (words === undefined) throw new Error(`\`${address}\` is no address`)
  const mapped = words[0] === 0 && words[1] === 0 && words[2] === mappedPrefix
  const length = Number(bits)
  if (length < 0 || length > (mapped ? 32 : 128)) return null
  const kept = mapped ? 96 + length : length
  for (let word = 0; word < 4; word++) {
    const here = Math.min(32, Math.max(0, kept - 32 * word))
    words[word] = here === 0 ? 0 : ((words[word] ?? 0) & (-1 << (32 - here))) >>> 0
  }
  return `${formatIp(words)}/${length}`
}

function flagNames(value: bigint): readonly string[] | null {
  const names = flagBits.filter(([, bit]) => (Number(value) & bit) !== 0).map(([name]) => name)
  return names.length === 0 ? null : names
}

export function withFunctions(environment: Environment, services: Readonly<Record<string, string>>): Environment {
  const nameOf = serviceNames(services)
  return environment
    .registerFunction('found(string, string): bool', found)
    .registerFunction('subnet(string, int): dyn', subnet)
    .registerFunction('flag_names(int): dyn', flagNames)
    .registerFunction(
      'service(int, int): dyn',
      (port: bigint, protocol: bigint) => nameOf(Number(port), Number(protocol)) ?? null,
    )
}
