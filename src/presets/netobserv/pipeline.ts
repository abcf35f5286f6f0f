import { PresetProblem } from '../given.ts'
import type { Assembly, Branch } from './branch.ts'
import { conntrackStage } from './connections.ts'
import { aggregatesForMetrics, aggregatesStage, timebasedStage } from './extract.ts'
import { filterStage } from './filter-stage.ts'
import type { Encode, FlpFile, Parameter, Write } from './flp-file.ts'
import { generic } from './generic.ts'
import { ingestOf } from './ingest.ts'
import { networkOf } from './network.ts'
import { grpcSink } from './sinks/grpc.ts'
import { ipfixSink } from './sinks/ipfix.ts'
import { kafkaSink } from './sinks/kafka.ts'
import { lokiSink } from './sinks/loki.ts'
import { otlpLogsSink, otlpMetricsSink } from './sinks/otlp.ts'
import { onServer, prometheusSink } from './sinks/prometheus.ts'
import { s3Sink } from './sinks/s3.ts'
import { stdoutSink } from './sinks/stdout.ts'

type Stage = Readonly<{
  name: string
  path: string
  parameter: Parameter
  followers: Stage[]
}>

export function readPipeline(file: FlpFile, assembly: Assembly): void {
  const walk = (stage: Stage, before: Branch) => {
    const after = transformed(stage, before, assembly)
    sinksOf(stage, before, file, assembly)
    for (const follower of stage.followers) walk(follower, after)
  }
  for (const root of graphOf(file)) {
    const { ingest } = root.parameter
    if (ingest === undefined)
      throw new PresetProblem(`pipeline: stage \`${root.name}\` follows no other and is no ingest stage`)
    const branch = ingestOf(root.name, ingest, `${root.path}.ingest`, assembly)
    for (const follower of root.followers) walk(follower, branch)
  }
}

function graphOf({ pipeline, parameters }: FlpFile): readonly Stage[] {
  const stages = new Map<string, Stage>()
  for (const { name = '' } of pipeline) {
    if (stages.has(name)) throw new PresetProblem(`pipeline: two stages have the name \`${name}\``)
    const index = parameters.findIndex((candidate) => candidate.name === name)
    const parameter = parameters[index]
    if (parameter === undefined) throw new PresetProblem(`parameters: stage \`${name}\` of the pipeline has none`)
    stages.set(name, { name, path: `parameters[${index}]`, parameter, followers: [] })
  }
  const roots: Stage[] = []
  for (const { name = '', follows = '' } of pipeline) {
    const stage = stages.get(name)
    if (stage === undefined) continue
    if (follows === '') {
      roots.push(stage)
      continue
    }
    const before = stages.get(follows)
    if (before === undefined)
      throw new PresetProblem(`pipeline: stage \`${name}\` follows \`${follows}\`, which does not exist`)
    before.followers.push(stage)
  }
  if (roots.length === 0) throw new PresetProblem('pipeline: no stage is the first: one must follow no other')
  const reached = new Set<Stage>(roots)
  for (const stage of reached) for (const follower of stage.followers) reached.add(follower)
  const cut = [...stages.values()].find((stage) => !reached.has(stage))
  if (cut !== undefined) throw new PresetProblem(`pipeline: stage \`${cut.name}\` follows itself`)
  return roots
}

function transformed({ name, path, parameter, followers }: Stage, given: Branch, assembly: Assembly): Branch {
  const { transform, extract } = parameter
  // A stage in between may change the results.
  const { aggregated, ...rest } = given
  const before = transform?.type === undefined || transform.type === 'none' ? given : rest
  if (aggregated !== undefined && before === rest)
    assembly.report.note(path, 'metrics behind this stage cannot be computed from aggregates')
  if (transform?.type === 'filter')
    return filterStage(name, before, transform.filter ?? {}, `${path}.transform.filter`, assembly)
  if (transform?.type === 'network')
    return networkOf(name, before, transform.network ?? {}, `${path}.transform.network`, assembly)
  if (transform?.type === 'generic') {
    const toOtlp = followers.every(({ parameter: { encode } }) => encode?.type?.startsWith('otlp') === true)
    const rules = { ...transform.generic, output: toOtlp ? ('otlp' as const) : ('rows' as const) }
    return generic(name, before, rules, `${path}.transform.generic`, assembly)
  }
  if (extract?.type === 'aggregates') {
    const onlyMetrics = followers.every(({ parameter: { encode } }) =>
      /^(?:prom|otlpmetrics)$/.test(encode?.type ?? ''),
    )
    const aggregates = extract.aggregates ?? {}
    return onlyMetrics
      ? aggregatesForMetrics(before, aggregates)
      : aggregatesStage(name, before, aggregates, `${path}.extract.aggregates`, assembly)
  }
  if (extract?.type === 'timebased')
    return timebasedStage(name, before, extract.timebased ?? {}, `${path}.extract.timebased`, assembly)
  if (extract?.type === 'conntrack')
    return conntrackStage(name, before, extract.conntrack ?? {}, `${path}.extract.conntrack`, assembly)
  return before
}

function sinksOf({ name, path, parameter }: Stage, branch: Branch, file: FlpFile, assembly: Assembly) {
  if (parameter.encode !== undefined) {
    const prom = onServer(parameter.encode.prom ?? {}, file.metricsSettings)
    encodes(name, branch, { ...parameter.encode, prom }, `${path}.encode`, assembly)
  }
  if (parameter.write !== undefined) writes(name, branch, parameter.write, `${path}.write`, assembly)
}

function encodes(name: string, branch: Branch, encode: Encode, path: string, assembly: Assembly) {
  switch (encode.type) {
    case 'kafka':
      return kafkaSink(name, branch, encode.kafka ?? {}, `${path}.kafka`, assembly)
    case 'prom':
      return prometheusSink(name, branch, encode.prom ?? {}, `${path}.prom`, assembly)
    case 'otlplogs':
      return otlpLogsSink(name, branch, encode.otlplogs ?? {}, `${path}.otlplogs`, assembly)
    case 'otlpmetrics':
      otlpMetricsSink(name, branch, encode.otlpmetrics ?? {}, `${path}.otlpmetrics`, assembly)
      return
    case 'otlptraces':
      return assembly.report.refuse(`${path}.otlptraces`, 'flows are not exported as spans; use otlplogs')
    case 's3':
      return s3Sink(name, branch, encode.s3 ?? {}, `${path}.s3`, assembly)
    case 'none':
      return
    case undefined:
      throw new PresetProblem(`${path}.type: the type of the stage is missing`)
  }
}

function writes(name: string, branch: Branch, write: Write, path: string, assembly: Assembly) {
  switch (write.type) {
    case 'stdout':
      return stdoutSink(name, branch, write.stdout ?? {}, `${path}.stdout`, assembly)
    case 'loki':
      return lokiSink(name, branch, write.loki ?? {}, `${path}.loki`, assembly)
    case 'ipfix':
      return ipfixSink(name, branch, write.ipfix ?? {}, `${path}.ipfix`, assembly)
    case 'grpc':
      return grpcSink(name, branch, write.grpc ?? {}, `${path}.grpc`, assembly)
    case 'none':
    case 'fake':
      return
    case undefined:
      throw new PresetProblem(`${path}.type: the type of the stage is missing`)
  }
}
