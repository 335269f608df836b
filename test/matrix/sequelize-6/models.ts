import { DataTypes, Sequelize } from 'sequelize';

export const sequelize = new Sequelize(process.env.DATABASE_URL ?? '', { logging: false, pool: { max: 2 } });

export const Org = sequelize.define(
  'org',
  { id: { type: DataTypes.INTEGER, primaryKey: true }, slug: DataTypes.STRING },
  { timestamps: false },
);
