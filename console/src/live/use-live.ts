import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import type { Link, WantedView } from './messages.ts'
import { RowsModel, type LiveNow } from './rows-model.ts'
import { linkNow, onLink, watch } from './tab.ts'

export function useLink(): Link {
  return useSyncExternalStore(onLink, linkNow)
}

export interface LiveRows extends LiveNow {
  readonly jump: () => void
  readonly catchUp: () => void
}

export function useLiveRows(view: Omit<WantedView, 'id'> | undefined, { held }: Readonly<{ held: boolean }>): LiveRows {
  const key = view === undefined ? '' : JSON.stringify(view)
  const [, setTurn] = useState(0)
  const model = useMemo(() => {
    const { columns = [] } = key === '' ? {} : (JSON.parse(key) as WantedView)
    return new RowsModel(columns.indexOf('_pos'), () => setTurn((turn) => turn + 1), columns.indexOf('time_received'))
  }, [key])
  useEffect(() => {
    if (key === '') return undefined
    return watch(JSON.parse(key) as Omit<WantedView, 'id'>, (message) => {
      if (message.is === 'rows') model.take(message.rows)
      else if (message.is === 'gap') model.gap(message.gap)
      else if (message.is === 'stat') model.stat(message.stat)
    })
  }, [key, model])
  useEffect(() => model.hold(held ? 'held' : 'flowing'), [model, held])
  const jump = useCallback(() => model.jump(), [model])
  const catchUp = useCallback(() => model.catchUp(), [model])
  return { ...model.now, jump, catchUp }
}
