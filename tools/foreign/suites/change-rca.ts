import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { realHost } from '../../../src/host/index.ts'
import { apiOf, type StoredApi } from '../../../test/kit/stored-api.ts'
import { toEventBatch, type WeirEvent } from '../../../src/model/events.ts'
import { changeEvent, identity, resourceEvent } from '../../../src/store/testing/cluster.ts'
import { point } from '../../../src/api/testing/points.ts'
import type { Outcome, Suite } from '../suite.ts'

/** Required shares of all cases: the defective change is first, and is among the first three. */
const [leastFirst, leastThree] = [0.95, 1]
const namespace = 'default'
/** Ms from the start of a step until its pod is ready. */
const stepMs = 65_000
/** An operator looks some minutes after the detection. Ms. */
const afterMs = 420_000
/** Between the onset that Weir finds and the detection. Ms. */
const mostApart = 600_000
const shownChanges = 5

/** Times in Unix seconds. Times of later steps differ from their keys. */
type Step = Readonly<{ v1: number; v2: number; release_pod: readonly string[]; release_complete_timestamp: number }>
type Plan = Readonly<{
  target_replica: number
  process: Readonly<Record<string, Step>>
}>
type Case = Readonly<{
  plan: Readonly<Record<string, Plan>>
  fault: string
  fault_release_service: string
  detect_timestamp: number
}>
type Table = Readonly<{ columns: readonly string[]; rows: readonly (readonly string[])[] }>

export const suite: Suite = {
  summary:
    'ChangeRCA (FSE 2024): canary rollouts of Online Boutique; right is the defective change as the first of the ' +
    'candidates, then HR@1 and HR@3 over all cases',
  source: 'github.com/IntelligentDDS/ChangeRCA: data',
  async *outcomes(folder) {
    const places: number[] = []
    for (const day of (await readdir(folder)).toSorted(inOrder))
      for (const name of (await readdir(join(folder, day)).catch(() => [])).toSorted(inOrder)) {
        const { place, outcome } = await judged(join(folder, day, name))
        places.push(place)
        yield outcome
      }
    yield rate('HR@1', places, 1, leastFirst)
    yield rate('HR@3', places, 3, leastThree)
  },
}

const inOrder = (a: string, b: string) => (a < b ? -1 : 1)

function rate(name: string, places: readonly number[], most: number, least: number): Outcome {
  const value = places.filter((place) => place <= most).length / places.length
  return {
    name: `${name} of ${places.length} cases: ${value.toFixed(3)}, at least ${least}`,
    verdict: value >= least ? 'right' : 'wrong',
  }
}

/** `place`: of the defective change among the changed services, from 1 on. */
async function judged(folder: string): Promise<Readonly<{ place: number; outcome: Outcome }>> {
  const name = basename(folder)
  const testCase = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as Case
  const now = realHost().clock.now()
  // Stores keep rows by age, so that the case ends now.
  const shift = now - (testCase.detect_timestamp * 1000 + afterMs)
  const events = await eventsOf(folder, testCase, shift)
  const directory = await mkdtemp(join(tmpdir(), 'weir-change-rca-'))
  try {
    await using api = await apiOf([toEventBatch(events)], now, directory)
    const times = events.map(({ time }) => time ?? now)
    const services = await candidatesOf(api, {
      from: times.reduce((a, b) => Math.min(a, b)),
      to: now,
      at: testCase.detect_timestamp * 1000 + shift,
    })
    const index = services.findIndex(({ service }) => service === testCase.fault_release_service)
    const place = index < 0 ? Infinity : index + 1
    const shownTexts = services.slice(0, shownChanges).map(({ service, text }) => `${service}: ${text}`)
    return {
      place,
      outcome: {
        name: `${name}: ${testCase.fault} by ${testCase.fault_release_service} is at place ${place}`,
        verdict: place === 1 ? 'right' : 'wrong',
        detail: shownTexts.join('\n'),
      },
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

type Detection = Readonly<{ from: number; to: number; at: number }>
type Candidate = Readonly<{ name: string; score: number; seconds_before: number; reasons: unknown; new_pods?: object }>
type Changed = Readonly<{ service: string; text: string }>

type Level = Readonly<{ time: string; kind: string }>
type Explained = Readonly<{ detected: boolean; levels: readonly Level[]; candidates: readonly Candidate[] }>

/**
 * Of the fall of the rate of success that is nearest to the detection; without one of the nearest change of latency.
 * Each service once.
 */
async function candidatesOf(api: StoredApi, { from, to, at }: Detection): Promise<readonly Changed[]> {
  const ends = 'source_canonical_service, destination_canonical_service'
  const iso = (ms: number) => new Date(ms).toISOString()
  const explained = async (metric: string, when: string) => {
    const promql = `avg by (namespace, ${ends}) (${metric})`
    const { status, body } = await api.get('why', { promql, from: iso(from), to: iso(to), at: when, limit: '100' })
    if (status !== 200) throw new Error(JSON.stringify(body))
    return body as Explained
  }
  const distance = ({ time }: Level) => Math.abs(Date.parse(time) - at)
  const { levels } = await explained('calls_success_percent', iso(at))
  const [fall] = levels
    .filter((level) => level.kind === 'fall' && distance(level) <= mostApart)
    .toSorted((a, b) => distance(a) - distance(b))
  const { candidates } =
    fall === undefined
      ? await explained('request_latency_milliseconds', iso(at))
      : await explained('calls_success_percent', fall.time)
  const services = new Map<string, Changed>()
  for (const { name, score, seconds_before: seconds, reasons, new_pods: pods } of candidates) {
    const service = name.replace(/-v[12]$/, '')
    const text = `${name} ${score}, ${seconds} s, ${JSON.stringify(reasons)} ${JSON.stringify(pods ?? null)}`
    if (!services.has(service)) services.set(service, { service, text })
  }
  return [...services.values()]
}

async function eventsOf(folder: string, given: Case, shift: number): Promise<readonly WeirEvent[]> {
  const files = (await readdir(folder)).toSorted()
  const ofPods = files.filter((file) => /-v[12]-.*_.*_.*\.csv$/.test(file))
  const calls = (await readTable(join(folder, 'destination_success.csv'))) satisfies Table
  const pods = new Set(ofPods.map((file) => file.split('_')[0] ?? ''))
  const samples = await Promise.all(
    ofPods.map(async (file) => podSamples(file, await readTable(join(folder, file)), shift)),
  )
  return [...objectsOf(pods, given, shift), ...changesOf(given, shift), ...callSamples(calls, shift), ...samples.flat()]
}

async function readTable(path: string): Promise<Table> {
  const [head = [], ...rows] = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(','))
  return { columns: head, rows }
}

const startOf = ({ release_complete_timestamp: complete }: Step) => complete * 1000 - stepMs
const appOf = (pod: string) => pod.replace(/-v[12]-.*$/, '')
const setOf = (pod: string) => pod.replace(/-[^-]*$/, '')
const workloadOf = (pod: string) => setOf(setOf(pod))

/** Kubernetes objects of a case. New pods are created at the time of their step. */
function objectsOf(given: ReadonlySet<string>, { plan }: Case, shift: number): readonly WeirEvent[] {
  const steps = new Map(
    Object.values(plan).flatMap(({ process }) =>
      Object.values(process).flatMap((step) => step.release_pod.map((pod) => [pod, startOf(step) + shift])),
    ),
  )
  const pods = new Set([...given, ...steps.keys()])
  const first = Math.min(...steps.values()) - 3_600_000
  const iso = (ms: number) => new Date(ms).toISOString()
  const createdOf = (of: string, part: (pod: string) => string) =>
    Math.min(...[...pods].filter((pod) => part(pod) === of).map((pod) => steps.get(pod) ?? first))
  const unique = (part: (pod: string) => string) => [...new Set([...pods].map(part))]
  const owner = (kind: string, name: string) => [
    { kind, group: 'apps', name, uid: `u-${kind}-${namespace}-${name}`, controller: true as const },
  ]
  return [
    ...unique(appOf).map((app) =>
      resourceEvent(identity(`Service/${namespace}/${app}`), iso(first), { selector: { app } }),
    ),
    ...unique(workloadOf).map((name) => {
      const createdAt = iso(createdOf(name, workloadOf))
      return resourceEvent(identity(`Deployment/${namespace}/${name}`), createdAt, {
        created: createdAt,
        labels: { app: appOf(`${name}-`) },
      })
    }),
    ...unique(setOf).map((name) => {
      const createdAt = iso(createdOf(name, setOf))
      return resourceEvent(identity(`ReplicaSet/${namespace}/${name}`), createdAt, {
        created: createdAt,
        owners: owner('Deployment', setOf(name)),
      })
    }),
    ...[...pods].flatMap((pod) => {
      const createdAt = iso(steps.get(pod) ?? first)
      const pending = {
        created: createdAt,
        labels: { app: appOf(pod) },
        phase: 'Pending',
        owners: owner('ReplicaSet', setOf(pod)),
      }
      const started = steps.get(pod)
      const podIdentity = identity(`Pod/${namespace}/${pod}`)
      const runningEvent = resourceEvent(podIdentity, iso((started ?? first) + stepMs), {
        ...pending,
        phase: 'Running',
      })
      return [resourceEvent(podIdentity, createdAt, pending), runningEvent]
    }),
  ]
}

/** Each step starts pods of the new version, and ends as many of the old one. */
function changesOf({ plan }: Case, shift: number): readonly WeirEvent[] {
  return Object.entries(plan).flatMap(([service, { target_replica: replicas, process }]) =>
    Object.values(process)
      .toSorted((a, b) => a.v2 - b.v2)
      .flatMap((step, index) => {
        const { v1, v2 } = step
        const time = new Date(startOf(step) + shift).toISOString()
        const scaled = (version: string, from: number, to: number) =>
          changeEvent(identity(`Deployment/${namespace}/${service}-${version}`, String(index + 2)), time, {
            operation: 'updated',
            old: { spec: { replicas: from } },
            new: { spec: { replicas: to } },
            patch: [{ op: 'replace', path: '/spec/replicas', value: to }],
          })
        const started =
          index === 0
            ? changeEvent(identity(`Deployment/${namespace}/${service}-v2`), time, {
                operation: 'created',
                new: { spec: { replicas: v2 } },
              })
            : scaled('v2', v2 - 1, v2)
        return [started, scaled('v1', Math.min(replicas, v1 + 1), v1)]
      }),
  )
}

function callSamples({ columns, rows }: Table, shift: number): readonly WeirEvent[] {
  return rows.flatMap(([, at = '', ...values]) =>
    values.flatMap((value, index) => {
      const [source = '', destination = ''] = (columns[index + 2] ?? '').split('_')
      return sampleOf('calls_success_percent', value, Number(at) * 1000 + shift, {
        source_canonical_service: source,
        destination_canonical_service: destination,
      })
    }),
  )
}

/** `POD_SOURCE_DESTINATION.csv`, as the pod of one of both sees the calls. */
function podSamples(file: string, { rows }: Table, shift: number): readonly WeirEvent[] {
  const [pod = '', source = '', destination = ''] = file.replace(/\.csv$/, '').split('_')
  const calls = {
    pod,
    reporter: appOf(pod) === destination ? 'destination' : 'source',
    source_canonical_service: source,
    destination_canonical_service: destination,
  }
  return rows.flatMap(([, at = '', success = '', latency = '', cpu = '', memory = '']) => {
    const time = Number(at) * 1000 + shift
    return [
      ...sampleOf('request_success_percent', success, time, calls),
      ...sampleOf('request_latency_milliseconds', latency, time, calls),
      ...sampleOf('container_cpu_usage_percent', cpu, time, { pod }),
      ...sampleOf('container_memory_usage_percent', memory, time, { pod }),
    ]
  })
}

function sampleOf(
  name: string,
  text: string,
  time: number,
  labels: Readonly<Record<string, string>>,
): readonly WeirEvent[] {
  const value = Number(text)
  if (text === '' || !Number.isFinite(value)) return []
  return [point(time, { name, labels: { namespace, ...labels }, fields: { value } })]
}
