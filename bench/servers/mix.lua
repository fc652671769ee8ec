-- What wrk asks the service for: of twenty requests one lists the shop, six order three products, the rest look at one.
-- Some products are asked for more often than others. The same sequence each time.
math.randomseed(1)

local function product()
  return 'p' .. math.floor(500 * math.random() ^ 3)
end

local turn = 0
function request()
  turn = turn + 1
  if turn % 20 == 0 then return wrk.format('GET', '/products') end
  if turn % 3 ~= 0 then return wrk.format('GET', '/products/' .. product()) end
  local body = string.format('{"products":["%s","%s","%s"]}', product(), product(), product())
  return wrk.format('POST', '/orders', { ['content-type'] = 'application/json' }, body)
end
