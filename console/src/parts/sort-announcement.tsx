import { useEffect, useRef, useState } from 'react'
import { partsText } from '../text/parts.ts'

type SortAnnouncementProps = Readonly<{
  columns: readonly Readonly<{ id: string; title: string }>[]
  sort: string
}>

export function SortAnnouncement({ columns, sort }: SortAnnouncementProps): React.ReactNode {
  const [message, setMessage] = useState('')
  const before = useRef(sort)
  useEffect(() => {
    if (sort === before.current) return
    before.current = sort
    const id = sort.replace(/^-/, '')
    setMessage(
      sort === ''
        ? partsText.notSorted
        : partsText.sortedBy(
            columns.find((column) => column.id === id)?.title ?? id,
            sort.startsWith('-') ? partsText.descending : partsText.ascending,
          ),
    )
  }, [sort, columns])
  return (
    <span className="spoken" role="status">
      {message}
    </span>
  )
}
