/**
 * Sandboxes that are made before anybody asks for them. {@code Forecast} says how many claims to expect,
 * {@code Sizing} how many members that takes, {@code Inventory} what a pool has and what it is due, {@code Filling}
 * which pool is filled next; all of that is pure, with the time as an argument. {@code Pools} carries it out with
 * threads and a {@code Maker}: {@code JobMaker} makes sandboxes for jobs, {@code ReadyMaker} those that
 * {@code ReadySandboxes} gives to a server for its clients.
 */
package dev.skerry.host.pools;
