// Every entry point with types, to be compiled: see tsconfig.shipped.json.
export type * as main from 'greenfiber';
export type * as fibers from 'greenfiber/fibers';
export type * as future from 'greenfiber/future';
export type * as http from 'greenfiber/http';
export type * as inspect from 'greenfiber/inspect';
export type * as io from 'greenfiber/io';
export type * as load from 'greenfiber-load';
export type * as lowlevel from 'greenfiber/lowlevel';
export type * as offload from 'greenfiber/offload';
export type * as testing from 'greenfiber/testing';
