import type { Assembly } from './branch.ts'
import type { Network, NetworkRule } from './flp-file.ts'
import type { MapSequence, MapSteps } from './steps.ts'
import { fieldOf, misfit, referenceTo } from './values.ts'

export function addedBy(
  rule: NetworkRule,
  network: Network,
  sequence: MapSequence,
  at: string,
  assembly: Assembly,
): void {
  if (rule.type === 'add_subnet') subnet(rule, sequence, `${at}.add_subnet`, assembly)
  else if (rule.type === 'add_service') service(rule, network, sequence, `${at}.add_service`, assembly)
  else flags(rule, sequence, `${at}.decode_tcp_flags`, assembly)
}

function subnet({ add_subnet: rule = {} }: NetworkRule, sequence: MapSequence, at: string, assembly: Assembly) {
  const { input = '', output = '', subnet_mask: mask = '' } = rule
  const bits = /^\/(\d{1,3})$/.exec(mask.trim())?.[1]
  if (bits === undefined) return assembly.report.refuse(at, `\`${mask}\` is no length such as /24`)
  if (fieldOf(input)?.kind !== 'ip') return assembly.report.refuse(at, `\`${input}\` is no address`)
  added(sequence, { input, output }, (value) => `subnet(${value}, ${bits})`, at, assembly)
}

function service(
  { add_service: rule = {} }: NetworkRule,
  { servicesFile = '' }: Network,
  sequence: MapSequence,
  at: string,
  assembly: Assembly,
) {
  const { input = '', output = '', protocol = '' } = rule
  if (fieldOf(input)?.name.endsWith('_port') !== true) return assembly.report.refuse(at, `\`${input}\` is no port`)
  if (fieldOf(protocol)?.name !== 'proto') return assembly.report.refuse(at, `\`${protocol}\` is no protocol`)
  const proto = referenceTo(protocol)
  const steps = added(
    sequence,
    { input, output },
    (port) => `(${proto.exists} ? service(${port}, ${proto.value}) : null)`,
    at,
    assembly,
  )
  if (servicesFile !== '') steps?.nameServices(servicesOf(assembly.readFile(servicesFile)))
}

function flags({ decode_tcp_flags: rule = {} }: NetworkRule, sequence: MapSequence, at: string, assembly: Assembly) {
  const { input = '', output = '' } = rule
  if (fieldOf(input)?.name !== 'tcp_flags' || fieldOf(output) !== undefined)
    return assembly.report.refuse(at, 'only Flags can be decoded, into itself or into a new field')
  added(sequence, { input, output }, (value) => `flag_names(${value})`, at, assembly)
}

function added(
  sequence: MapSequence,
  { input, output }: Readonly<{ input: string; output: string }>,
  result: (value: string) => string,
  at: string,
  assembly: Assembly,
): MapSteps | undefined {
  const problem = output === '' ? 'the output is missing' : misfit(output, 'text')
  if (problem !== undefined) {
    assembly.report.refuse(at, problem)
    return undefined
  }
  const { exists, value } = referenceTo(input)
  const steps = sequence.after(input, output)
  steps.set(output, `${exists} ? ${result(value)} : ${referenceTo(output).orNull}`)
  return steps
}

/** The format of /etc/services. */
function servicesOf(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const line of text.split('\n')) {
    const [name = '', position = ''] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    if (/^\d{1,5}\/(?:tcp|udp|sctp|dccp|udplite)$/.test(position)) found[position] = name
  }
  return found
}
