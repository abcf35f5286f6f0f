/** Units, thresholds, stacks and bounds of panels. */
import type { DashboardPanel } from '../schema.ts'
import { inside, listIn, numberIn, objectIn, objectsIn, textIn, type Json } from './model.ts'

type Unit = NonNullable<DashboardPanel['unit']>
type Thresholds = NonNullable<DashboardPanel['thresholds']>
type Tone = Thresholds[number]['tone']
/** `notes`: parts that are lost. */
export type Looks = Readonly<{ look: Partial<DashboardPanel>; notes: readonly string[] }>

const units: Readonly<Record<string, Unit>> = {
  short: 'number',
  locale: 'number',
  bytes: 'bytes',
  decbytes: 'bytes',
  Bps: 'bytes_per_second',
  binBps: 'bytes_per_second',
  bps: 'bits_per_second',
  binbps: 'bits_per_second',
  bits: 'bits',
  decbits: 'bits',
  percent: 'percent',
  percentunit: 'ratio',
  s: 'seconds',
  dtdurations: 'seconds',
  clocks: 'seconds',
  ms: 'milliseconds',
  dtdurationms: 'milliseconds',
  clockms: 'milliseconds',
  ...Object.fromEntries(
    ['ops', 'reqps', 'rps', 'wps', 'iops', 'cps', 'pps', 'rowsps', 'eps', 'mps', 'recps'].map(
      (name) => [name, 'per_second'] as const,
    ),
  ),
}

export function looksOf(panel: Json): Looks {
  const defaults = inside(panel, 'fieldConfig', 'defaults')
  const custom = objectIn(defaults['custom'])
  const unit = textIn(defaults['unit']) || textIn(objectsIn(panel['yaxes'])[0]?.['format']) || textIn(panel['format'])
  const known = Object.hasOwn(units, unit) ? units[unit] : undefined
  const stacking = textIn(objectIn(custom['stacking'])['mode'])
  const isStacked = panel['stack'] === true || (stacking !== '' && stacking !== 'none')
  const [min, max] = [numberIn(defaults['min']), numberIn(defaults['max'])]
  const { thresholds, lost } = thresholdsOf(panel, defaults)
  return {
    look: {
      ...(known === undefined ? {} : { unit: known }),
      ...(isStacked ? { stack: 'stacked' } : {}),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
      ...(thresholds.length === 0 ? {} : { thresholds }),
    },
    notes: [
      ...(known === undefined && unit !== '' && unit !== 'none' ? [`unit ${unit}`] : []),
      ...(stacking === 'percent' || panel['percentage'] === true ? ['stack to 100 %'] : []),
      ...lost,
    ],
  }
}

const linesOnly = new Set(['timeseries', 'graph', 'barchart', 'heatmap'])

function thresholdsOf(panel: Json, defaults: Json): Readonly<{ thresholds: Thresholds; lost: readonly string[] }> {
  const { mode, steps } = objectIn(defaults['thresholds'])
  const isDrawn =
    !linesOnly.has(textIn(panel['type'])) ||
    !['', 'off'].includes(textIn(inside(defaults, 'custom', 'thresholdsStyle')['mode']))
  const newer = isDrawn ? objectsIn(steps).map(({ color, value }) => ({ color, value })) : []
  const read = [...newer, ...olderSteps(panel)].flatMap(({ color, value }) => {
    const [at, tone] = [numberIn(value), toneOf(textIn(color))]
    return at === undefined || tone === undefined ? [] : [{ at, tone }]
  })
  if (mode !== 'percentage' || read.length === 0) return { thresholds: ascending(read), lost: [] }
  const [min, max] = [numberIn(defaults['min']) ?? 0, numberIn(defaults['max'])]
  if (max === undefined) return { thresholds: [], lost: ['thresholds in percent without a maximum'] }
  return { thresholds: ascending(read.map(({ at, tone }) => ({ at: min + (at / 100) * (max - min), tone }))), lost: [] }
}

const ascending = (steps: Thresholds): Thresholds => steps.toSorted((a, b) => a.at - b.at)
const graphColors: Readonly<Record<string, string>> = { critical: 'red', warning: 'orange', ok: 'green' }

/** Thresholds of the panels `graph` and `singlestat`. */
function olderSteps({ type, thresholds, colors }: Json): readonly Readonly<{ color: unknown; value: unknown }>[] {
  if (type === 'graph')
    return objectsIn(thresholds).map(({ colorMode, value, lineColor }) => ({
      value,
      color: graphColors[textIn(colorMode)] ?? lineColor,
    }))
  if (type !== 'singlestat' || typeof thresholds !== 'string') return []
  return thresholds.split(',').map((value, at) => ({ value, color: listIn(colors)[at + 1] }))
}

/** Green, yellow and red; undefined: another colour, which has no meaning. */
function toneOf(color: string): Tone | undefined {
  if (/red$/i.test(color)) return 'bad'
  if (/(?:yellow|orange)$/i.test(color)) return 'warning'
  if (/green$/i.test(color)) return 'good'
  const hex = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})/i
    .exec(color)
    ?.slice(1)
    .map((part) => Number.parseInt(part, 16))
  const parts = hex ?? /^rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)/i.exec(color)?.slice(1).map(Number)
  if (parts === undefined) return undefined
  const [red = 0, green = 0, blue = 0] = parts
  if (blue >= Math.max(red, green)) return undefined
  if (red > green * 1.6) return 'bad'
  return red >= green * 0.85 ? 'warning' : 'good'
}
