export interface Money {
  cents: number
}

export const add = (...all: Money[]): Money => ({ cents: all.reduce((sum, { cents }) => sum + cents, 0) })
