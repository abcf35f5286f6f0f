import { panelText } from '../../parts/dashboards/text.ts'

export type TopLine = Readonly<{ key: string; name: string; value: number; text: string; tone?: string | undefined }>

/** `whole`: what the bars are parts of; the shares are shown if it is the sum. */
export function TopList({
  lines,
  whole,
  shares,
}: Readonly<{ lines: readonly TopLine[]; whole: number; shares: 'shown' | 'hidden' }>): React.ReactNode {
  if (lines.length === 0) return <p className="dim pad">{panelText.noRows}</p>
  const share = (value: number) => (whole > 0 ? Math.max(0, Math.min(100, (value / whole) * 100)) : 0)
  return (
    <ol className="top-list">
      {lines.map(({ key, name, value, text, tone }) => (
        <li key={key}>
          <span className="name" title={name}>
            {name}
          </span>
          <span className={`number ${tone ?? ''}`}>{text}</span>
          <span className="number dim">{shares === 'shown' && whole > 0 ? `${share(value).toFixed(1)} %` : ''}</span>
          <span className="top-share" style={{ width: `${share(value)}%` }} />
        </li>
      ))}
    </ol>
  )
}
