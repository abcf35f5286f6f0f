import { count } from '../../../parts/format.ts'
import { difference } from '../../../parts/difference.ts'
import { amount, percent, unitName } from './names.ts'
import { shareText } from './share-text.ts'
import { entityColors } from '../../../parts/entity-colors.ts'
import type { Share, Shares } from './sums.ts'
import type { Measure } from './state.ts'
import { panelsText } from './text.ts'
import { generalText } from '../../../text/general.ts'

type SharesProps = Readonly<{
  data: Shares
  label: string
  measure: Measure
  others: boolean
  onOnly: (share: Share) => void
}>

const radius = 52
const thickness = 18

export function Donut({ data, label, measure, others, onOnly }: SharesProps): React.ReactNode {
  const drawn = data.shares.filter(({ cells }) => others || cells !== undefined)
  const sum = drawn.reduce((all, share) => all + share.amount, 0)
  const length = 2 * Math.PI * radius
  const colors = colorsOf(drawn)
  const arcs = drawn.map((share, index) => {
    const before = drawn.slice(0, index).reduce((all, share) => all + share.amount, 0)
    return {
      share,
      color: colors[index] ?? '',
      part: sum === 0 ? 0 : share.amount / sum,
      from: sum === 0 ? 0 : before / sum,
    }
  })
  return (
    <div className="donut">
      <svg viewBox="-64 -64 128 128" role="img" aria-label={panelsText.sharesTotal(label, amount(measure, data.total))}>
        <circle r={radius} className="donut-track" strokeWidth={thickness} />
        {arcs.map(({ share, color, part, from }) => (
          <circle
            key={keyOf(share)}
            r={radius}
            className={`arc ${color}`}
            strokeWidth={thickness}
            strokeDasharray={`${Math.max(0, part * length - 1)} ${length}`}
            strokeDashoffset={-from * length}
            transform="rotate(-90)"
          >
            <title>{shareText(share, measure, data.total)}</title>
          </circle>
        ))}
        <text className="donut-sum" y={1}>
          {amount(measure, data.total)}
        </text>
        <text className="donut-unit" y={15}>
          {unitName(measure)}
        </text>
      </svg>
      <List data={data} label={label} measure={measure} others onOnly={onOnly} />
    </div>
  )
}

export function Bars(props: SharesProps): React.ReactNode {
  return <List {...props} bars />
}

function List({ data, label, measure, others, onOnly, bars = false }: SharesProps & { readonly bars?: boolean }) {
  const shown = data.shares.filter(({ cells }) => others || cells !== undefined)
  const colors = colorsOf(shown)
  const most = Math.max(1, ...shown.flatMap((share) => [share.amount, share.earlier ?? 0]))
  return (
    <table className={bars ? 'shares bars' : 'shares'} aria-label={label}>
      <tbody>
        {shown.map((share, index) => (
          <tr key={keyOf(share)}>
            <th scope="row">
              {bars && (
                <svg className="bar" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
                  <rect
                    className={share.cells === undefined ? 'of-other' : 'of-1'}
                    width={(100 * share.amount) / most}
                    height="100"
                  />
                  {share.earlier !== undefined && (
                    <rect className="bar-earlier" x={(99 * share.earlier) / most} width="1" height="100" />
                  )}
                </svg>
              )}
              {!bars && <i className={`swatch ${colors[index] ?? ''}`} aria-hidden="true" />}
              {share.cells === undefined ? (
                <span className="share-name dim">{generalText.remaining(count(data.othersCount))}</span>
              ) : (
                <button
                  type="button"
                  className="quiet share-name"
                  title={panelsText.onlyName(share.name)}
                  onClick={() => onOnly(share)}
                >
                  {share.name}
                </button>
              )}
            </th>
            <td title={count(share.amount)}>{amount(measure, share.amount)}</td>
            <td className="dim">{percent(share.amount, data.total)}</td>
            {data.earlier !== undefined && <Change now={share.amount} earlier={share.earlier} measure={measure} />}
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">{panelsText.total}</th>
          <td title={count(data.total)}>{amount(measure, data.total)}</td>
          <td />
          {data.earlier !== undefined && <Change now={data.total} earlier={data.earlier.total} measure={measure} />}
        </tr>
      </tfoot>
    </table>
  )
}

function Change({ now, earlier, measure }: { now: number; earlier: number | undefined; measure: Measure }) {
  return (
    <td
      className="change"
      title={
        earlier === undefined
          ? panelsText.earlierUnknown
          : panelsText.earlierAmount(panelsText.earlier, amount(measure, earlier))
      }
    >
      {earlier === undefined ? '–' : difference(now, earlier)}
    </td>
  )
}

function keyOf({ cells }: Share) {
  return cells === undefined ? 'others' : JSON.stringify(cells)
}

/** Classes of the colours, equal to those of the other panels. */
function colorsOf(shares: readonly Share[]): readonly string[] {
  const named = shares.filter(({ cells }) => cells !== undefined)
  const colors = entityColors(named.map(({ name }) => name))
  return shares.map((share) =>
    share.cells === undefined ? 'of-other' : `of-${(colors[named.indexOf(share)] ?? 0) + 1}`,
  )
}
