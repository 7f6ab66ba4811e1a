package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"commy.dev/commy"
)

// Wanted is what an order asks for.
type Wanted struct {
	Item  string `json:"item"`
	Count int    `json:"count"`
}

// Left is how many of an item are left.
type Left struct {
	Left int `json:"left"`
}

// Payment is what is to be paid.
type Payment struct {
	Amount int `json:"amount"`
}

// Receipt is what a payment gives.
type Receipt struct {
	Paid  int    `json:"paid"`
	Order string `json:"order"`
}

// Sale is what an order becomes.
type Sale struct {
	ID      string  `json:"id"`
	Receipt Receipt `json:"receipt"`
}

// inventory is what is on the shelves. Handlers run at once, so a lock guards it.
type inventory struct {
	mutex sync.Mutex
	stock map[string]int
}

func newInventory() *inventory {
	return &inventory{stock: map[string]int{"tea": 10, "cup": 2}}
}

func (i *inventory) methods() commy.Methods {
	return commy.Methods{
		"reserve": commy.Func(i.reserve),
		"release": commy.Func(i.release),
		"levels":  commy.Func(i.levels),
	}
}

func (i *inventory) reserve(_ context.Context, wanted Wanted) (Left, error) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	left := i.stock[wanted.Item]
	if left < wanted.Count {
		return Left{}, &commy.HandlerError{
			Code:    "OUT_OF_STOCK",
			Reason:  fmt.Sprintf("%d of %s left", left, wanted.Item),
			Details: Left{left},
		}
	}
	left -= wanted.Count
	i.stock[wanted.Item] = left
	return Left{left}, nil
}

func (i *inventory) release(_ context.Context, wanted Wanted) (Left, error) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.stock[wanted.Item] += wanted.Count
	return Left{i.stock[wanted.Item]}, nil
}

func (i *inventory) levels(context.Context, any) (map[string]int, error) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	levels := make(map[string]int, len(i.stock))
	for item, count := range i.stock {
		levels[item] = count
	}
	return levels, nil
}

// The parts of the shop: what each of them serves, and who looks for it.
const (
	counter   = "counter"
	warehouse = "warehouse"
)

// serve registers the services of a part of the shop.
func serve(ctx context.Context, mesh *commy.Mesh, part string) error {
	if part == warehouse {
		service := commy.Service{Name: "inventory", Version: "1.0.0"}
		_, err := mesh.Register(ctx, service, newInventory().methods())
		return err
	}
	if _, err := mesh.Register(ctx, commy.Service{Name: "payments", Version: "1.0.0"}, payments); err != nil {
		return err
	}
	service := commy.Service{Name: "orders", Version: "2.1.0", Tags: []string{"entrance"}}
	_, err := mesh.Register(ctx, service, newOrders(mesh).methods())
	return err
}

const limit = 100

var payments = commy.Methods{
	"charge": commy.Func(func(ctx context.Context, payment Payment) (Receipt, error) {
		if payment.Amount > limit {
			return Receipt{}, &commy.HandlerError{
				Code:   "DECLINED",
				Reason: fmt.Sprintf("%d is over the limit of %d", payment.Amount, limit),
			}
		}
		return Receipt{payment.Amount, commy.RequestFrom(ctx).Message.Headers["order-id"]}, nil
	}),
}

type orders struct {
	mesh   *commy.Mesh
	prices map[string]int
	mutex  sync.Mutex
	count  int
}

func newOrders(mesh *commy.Mesh) *orders {
	return &orders{mesh: mesh, prices: map[string]int{"tea": 4, "cup": 60}}
}

func (o *orders) methods() commy.Methods {
	return commy.Methods{"create": commy.Func(o.create)}
}

// create calls others with the context of its request: what is left of the caller's time is
// all that these calls may take.
func (o *orders) create(ctx context.Context, wanted Wanted) (Sale, error) {
	price, known := o.prices[wanted.Item]
	if !known || wanted.Count < 1 {
		return Sale{}, commy.BadRequest(fmt.Sprintf("an order names an item and a count, not %+v", wanted))
	}
	if _, err := o.mesh.Call(ctx, "inventory", "reserve", wanted); err != nil {
		return Sale{}, passedOn(err)
	}
	id := o.next()
	receipt, err := commy.Call[Receipt](ctx, o.mesh, "payments", "charge", Payment{price * wanted.Count},
		commy.WithHeaders(map[string]string{"order-id": id}))
	if err != nil {
		_, released := o.mesh.Call(ctx, "inventory", "release", wanted)
		told := o.mesh.Publish(ctx, "orders/declined", map[string]string{"id": id})
		return Sale{}, errors.Join(passedOn(err), released, told)
	}
	sale := Sale{id, receipt}
	return sale, o.mesh.Publish(ctx, "orders/created", sale)
}

func (o *orders) next() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.count++
	return fmt.Sprintf("order-%d", o.count)
}

// passedOn is another service's failure as this one's, on purpose: what another says is not
// this one's word by itself.
func passedOn(err error) error {
	var failure *commy.Error
	if errors.Is(err, commy.HandlerFailed) && errors.As(err, &failure) {
		return &commy.HandlerError{Code: failure.Code, Reason: failure.Reason, Details: failure.Details}
	}
	return err
}
