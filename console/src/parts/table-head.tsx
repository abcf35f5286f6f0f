export function TableHead({
  columns,
}: {
  columns: readonly (string | readonly [title: string, align: 'end'])[]
}): React.ReactNode {
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          const [title, align] = typeof column === 'string' ? [column] : column
          return (
            <th key={title} scope="col" className={align}>
              {title}
            </th>
          )
        })}
      </tr>
    </thead>
  )
}
