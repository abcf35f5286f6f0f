import { useRef } from 'react'
import { fileName } from '../../../parts/file-name.ts'
import { pictureOf, savePicture } from '../../../parts/picture.ts'
import { Popover } from '../../../parts/popover.tsx'
import { saveText } from '../../../parts/save-file.ts'
import { AlertLink, type AlertOn } from '../../../parts/links/alert-link.tsx'
import { AddToDashboard } from '../../../parts/dashboards/add-button.tsx'
import type { AddedPanel } from '../../../parts/dashboards/adding.ts'
import type { MenuOf } from './panels.tsx'
import { tops, type PanelLook } from './state.ts'
import { panelsText } from './text.ts'

type PanelMenuProps = Readonly<{
  name: string
  look: PanelLook
  has: MenuOf
  span: string
  large: boolean
  /** What an alert about this panel measures; undefined: the user cannot create one. */
  alert: AlertOn | undefined
  added: AddedPanel
  onChange: (look: PanelLook) => void
  onLarge: (large: boolean) => void
  onHide: () => void
}>

export function PanelMenu({
  name,
  look,
  has,
  span,
  large,
  alert,
  added,
  onChange,
  onLarge,
  onHide,
}: PanelMenuProps): React.ReactNode {
  const { csv } = has
  const container = useRef<HTMLSpanElement>(null)
  const picture = () => {
    const panel = container.current?.closest('section')
    if (panel !== null && panel !== undefined) savePicture(pictureOf(panel), `${fileName(name, span)}.png`)
  }
  return (
    <span ref={container} className="panel-acts">
      <button
        type="button"
        className="quiet"
        aria-pressed={large}
        title={large ? panelsText.allPanels : panelsText.enlargeThisPanel}
        onClick={() => onLarge(!large)}
      >
        <span aria-hidden="true">{large ? '⤡' : '⤢'}</span>
        <span className="spoken">{panelsText.enlargedName(name)}</span>
      </button>
      <Popover
        label={
          <>
            <span aria-hidden="true">⋯</span>
            <span className="spoken">{panelsText.settingsOf(name)}</span>
          </>
        }
        name={panelsText.settingsOf(name)}
        className="panel-menu"
      >
        {(close) => (
          <>
            <LookOptions look={look} has={has} onChange={onChange} />
            {alert !== undefined && <AlertLink of={alert} />}
            <AddToDashboard of={added} onDone={close} />
            <button
              type="button"
              onClick={() => {
                close()
                picture()
              }}
            >
              {panelsText.saveAsPicturePng}
            </button>
            {(['shown', 'raw'] as const).map((way) => (
              <button
                key={way}
                type="button"
                disabled={csv === undefined}
                onClick={() => {
                  close()
                  if (csv !== undefined) saveText(csv[way](), `${fileName(name, span)}.csv`, 'text/csv')
                }}
              >
                {way === 'shown' ? panelsText.saveTheFiguresShown : panelsText.saveTheFiguresRaw}
              </button>
            ))}
            <button
              type="button"
              onClick={() => {
                close()
                onHide()
              }}
            >
              {panelsText.hideThisPanel}
            </button>
          </>
        )}
      </Popover>
    </span>
  )
}

function LookOptions({ look, has, onChange }: Pick<PanelMenuProps, 'look' | 'has' | 'onChange'>) {
  const { top = true, others = true, total = false, latest = false, table = false, share = false } = has
  const turn = (option: 'others' | 'total' | 'latest' | 'table' | 'share', text: string): React.ReactNode => (
    <label className="check">
      <input type="checkbox" checked={look[option]} onChange={() => onChange({ ...look, [option]: !look[option] })} />
      {text}
    </label>
  )
  return (
    <>
      {top && (
        <div className="line" role="group" aria-label={panelsText.topHint}>
          {panelsText.top}
          <span className="tops">
            {tops.map((count) => (
              <button
                key={count}
                type="button"
                aria-pressed={count === look.top}
                onClick={() => onChange({ ...look, top: count })}
              >
                {count}
              </button>
            ))}
          </span>
        </div>
      )}
      {others && turn('others', panelsText.showTheOthers)}
      {total && turn('total', panelsText.showTheTotal)}
      {latest && turn('latest', panelsText.onlyNewestPart)}
      {share && turn('share', panelsText.showShares)}
      {table && turn('table', panelsText.figuresOnly)}
    </>
  )
}
